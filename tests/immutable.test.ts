import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { startGateway } from './support/gateway.ts'
import { openGatewayStore, STORE_KINDS, type StoreKind } from './support/gateway-store.ts'
import { buildNoise, formOf, uploadTo } from './support/project-uploads.ts'
import { createRestClient } from './support/rest-client.ts'
import { signedText } from './support/signed-text.ts'

const DEV = { as: 'dev' }

/** A project whose versions are immutable, at a store that may overwrite, as Harbor ships it. */
async function start(t: TestContext, kind: StoreKind) {
  const { store } = await openGatewayStore(t, kind, { ALLOW_OVERWRITE: 'true' })
  const gateway = await startGateway(t, { store })
  const id = await gateway.accounts.createProject('demo')
  await gateway.accounts.addMember(id, await gateway.accounts.createUser('boss'), ROLE.projectAdmin)
  await gateway.accounts.addMember(id, await gateway.accounts.createUser('dev'), ROLE.developer)
  const api = createRestClient(gateway)
  const setImmutable = async (immutable: 'true' | 'false') => {
    const answer = await api.put('/projects/demo', { metadata: { immutable } }, { as: 'boss' })
    assert.equal(answer.status, 200)
  }
  await setImmutable('true')
  const upload = (path: string, content: Buffer | string | FormData, query = '') =>
    uploadTo(gateway, `demo/${path}`, content, { ...DEV, query })
  const download = async (file: string) => {
    const response = await gateway.get(`/chartrepo/demo/charts/${file}`, DEV)
    assert.equal(response.status, 200)
    return Buffer.from(await response.arrayBuffer())
  }
  return { gateway, setImmutable, upload, download }
}

for (const kind of STORE_KINDS) {
  test(`${kind}: an existing version is 409 in every form, whatever force says, and stays as it is`, async (t) => {
    const { upload, download } = await start(t, kind)
    const first = await buildNoise('etcd', '1.0.0', 500)
    const other = await buildNoise('etcd', '1.0.0', 500)
    const prov = signedText('etcd', '1.0.0')
    assert.equal((await upload('charts', first)).status, 201)
    const error =
      'etcd-1.0.0.tgz already exists, and the versions of this project are immutable: upload it as another version'
    for (const query of ['', '?force', '?force=true']) {
      assert.deepEqual(await upload('charts', other, query), { status: 409, error })
      assert.deepEqual(await upload('charts', first, query), { status: 409, error })
      const alone = await upload('charts', formOf({ chart: other }), query)
      assert.deepEqual(alone, { status: 409, error })
      assert.equal((await upload('charts', formOf({ chart: other, prov }), query)).status, 409)
    }
    assert.deepEqual(await download('etcd-1.0.0.tgz'), first)
    assert.equal((await upload('charts', await buildNoise('etcd', '1.0.1', 500))).status, 201)
  })

  test(`${kind}: the first provenance of a version is taken, and is immutable too`, async (t) => {
    const { upload, download } = await start(t, kind)
    const prov = signedText('etcd', '1.0.0')
    assert.equal((await upload('charts', await buildNoise('etcd', '1.0.0', 500))).status, 201)
    assert.equal((await upload('prov', prov)).status, 201)
    const another = signedText('etcd', '1.0.0', 'f'.repeat(64))
    assert.equal((await upload('prov', another, '?force')).status, 409)
    assert.equal((await download('etcd-1.0.0.tgz.prov')).toString(), prov)
  })

  test(`${kind}: of uploads of one new version at once, exactly one is taken`, async (t) => {
    const { upload, download } = await start(t, kind)
    const packages = await Promise.all(
      Array.from({ length: 20 }, () => buildNoise('etcd', '1.0.0', 500)),
    )
    const answers = await Promise.all(
      packages.map((content) => upload('charts', content, '?force')),
    )
    const taken = packages.filter((_, n) => answers[n]?.status === 201)
    assert.equal(taken.length, 1)
    assert.equal(answers.filter(({ status }) => status === 409).length, 19)
    assert.deepEqual(await download('etcd-1.0.0.tgz'), taken[0])
  })

  test(`${kind}: it is so from the next request on, ends as soon, and is no bar to deleting`, async (t) => {
    const { gateway, setImmutable, upload, download } = await start(t, kind)
    const other = await buildNoise('etcd', '1.0.0', 500)
    assert.equal((await upload('charts', await buildNoise('etcd', '1.0.0', 500))).status, 201)
    await setImmutable('false')
    assert.equal((await upload('charts', other)).status, 201)
    await setImmutable('true')
    assert.equal((await upload('charts', other)).status, 409)
    const path = '/api/chartrepo/demo/charts/etcd/1.0.0'
    assert.equal((await gateway.get(path, { method: 'DELETE', as: 'boss' })).status, 200)
    assert.equal((await upload('charts', other)).status, 201)
    const digest = createHash('sha256').update(other).digest('hex')
    const details = await (await gateway.get(path, DEV)).json()
    assert.partialDeepStrictEqual(details, { metadata: { digest } })
    assert.deepEqual(await download('etcd-1.0.0.tgz'), other)
  })
}
