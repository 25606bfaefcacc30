import assert from 'node:assert/strict'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { type GatewayOptions, startGateway } from './support/gateway.ts'
import { openGatewayStore, STORE_KINDS, type StoreKind } from './support/gateway-store.ts'
import { buildNoise, formOf, uploadTo } from './support/project-uploads.ts'
import { assertError, createdId, createRestClient, type RestAnswer } from './support/rest-client.ts'
import { signedText } from './support/signed-text.ts'

const ROOT = { as: 'root' }
const UNLIMITED = { storage: -1, count: -1 }

async function start(t: TestContext, options: GatewayOptions = {}) {
  const gateway = await startGateway(t, options)
  await gateway.accounts.createUser('root', true)
  const api = createRestClient(gateway)

  const createProject = async (name: string, more: object = {}): Promise<number> =>
    createdId(await api.post('/projects', { project_name: name, ...more }, ROOT))
  const setQuota = async (id: number, hard: Record<string, number>) =>
    assert.equal((await api.put(`/quotas/${id}`, { hard }, ROOT)).status, 200)
  const readQuota = async (id: number) => {
    const { body } = await api.get(`/quotas/${id}`, ROOT)
    assert.ok(typeof body === 'object' && body !== null && 'hard' in body && 'used' in body)
    return { hard: body.hard, used: body.used }
  }
  const upload = (path: string, content: Buffer | string | FormData, query = '') =>
    uploadTo(gateway, path, content, { ...ROOT, query })
  const remove = async (project: string, chart: string, version: string) => {
    const path = `/api/chartrepo/${project}/charts/${chart}/${version}`
    assert.equal((await gateway.get(path, { method: 'DELETE', ...ROOT })).status, 200)
  }
  return { gateway, api, createProject, setQuota, readQuota, upload, remove }
}

async function startOn(t: TestContext, kind: StoreKind) {
  const { store, dir, restart } = await openGatewayStore(t, kind)
  return { ...(await start(t, { store })), dir, restart }
}

/** Bytes of the packages and provenance files of a project, as the folder has them. */
async function weigh(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => /\.tgz(\.prov)?$/.test(name))
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function exceeded(added: string, used: number, limit: number, unit: string): RegExp {
  return new RegExp(
    `^Quota exceeded when processing the request of adding ${added}, which when updated to current usage of ` +
      `${used}${unit} will exceed the configured upper limit of ${limit}${unit}\\. Delete versions .*system admin`,
  )
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

for (const kind of STORE_KINDS) {
  test(`${kind}: 200 uploads at once fill a project to the last one that fits, and never beyond`, async (t) => {
    const { createProject, setQuota, readQuota, upload, dir } = await startOn(t, kind)
    const bytes = await createProject('bytes')
    const count = await createProject('count')
    const packages = await Promise.all(
      numbers(200).map((n) => buildNoise('etcd', `1.0.${n}`, 500 + 10 * n)),
    )
    const limit = 40_000
    await setQuota(bytes, { storage: limit })
    await setQuota(count, { count: 17 })
    const uploadAll = (project: string, contents: readonly Buffer[]) =>
      Promise.all(contents.map((content) => upload(`${project}/charts`, content)))
    const [byBytes, byCount] = await Promise.all([
      uploadAll('bytes', packages),
      uploadAll('count', packages.slice(0, 50)),
    ])

    const used = await weigh(join(dir, 'bytes'))
    const taken = byBytes.filter(({ status }) => status === 201).length
    assert.ok(used <= limit)
    assert.deepEqual(await readQuota(bytes), {
      hard: { ...UNLIMITED, storage: limit },
      used: { storage: used, count: taken },
    })
    for (const [n, { status, error }] of byBytes.entries()) {
      const size = packages[n]?.length ?? 0
      if (status === 201) continue
      assert.equal(status, 412)
      assert.match(error, /adding \d+ bytes of storage resource/)
      assert.ok(used + size > limit, `one of ${size} bytes was refused beside ${used}`)
    }

    assert.equal(byCount.filter(({ status }) => status === 201).length, 17)
    const refused = byCount.filter(({ status }) => status !== 201)
    for (const { status, error } of refused) {
      assert.equal(status, 412)
      assert.match(error, exceeded('1 of count resource', 17, 17, ''))
    }
    assert.partialDeepStrictEqual(await readQuota(count), {
      hard: { ...UNLIMITED, count: 17 },
      used: { count: 17 },
    })
  })

  test(`${kind}: a replacement counts what it adds, and a deletion makes room`, async (t) => {
    const { createProject, setQuota, readQuota, upload, remove } = await startOn(t, kind)
    const id = await createProject('demo')
    const small = await buildNoise('etcd', '1.0.0', 1000)
    const large = await buildNoise('etcd', '1.0.0', 3000)
    const other = await buildNoise('etcd', '2.0.0', 1000)
    const limit = small.length + other.length + 100
    await setQuota(id, { storage: limit, count: 2 })
    assert.equal((await upload('demo/charts', small)).status, 201)
    assert.equal((await upload('demo/charts', other)).status, 201)
    const used = { storage: small.length + other.length, count: 2 }
    assert.deepEqual((await readQuota(id)).used, used)

    const refused = await upload('demo/charts', large, '?force')
    const growth = `${large.length - small.length} bytes of storage resource`
    assert.equal(refused.status, 412)
    assert.match(refused.error, exceeded(growth, used.storage, limit, ' bytes'))
    assert.deepEqual((await readQuota(id)).used, used)
    assert.equal((await upload('demo/charts', small)).status, 201)

    await remove('demo', 'etcd', '2.0.0')
    assert.equal((await upload('demo/charts', large)).status, 412)
    await setQuota(id, { storage: large.length })
    assert.equal((await upload('demo/charts', large)).status, 201)
    assert.deepEqual((await readQuota(id)).used, { storage: large.length, count: 1 })
    // a quota below what is there takes nothing away, and lets it become less
    await setQuota(id, { storage: 1 })
    assert.equal((await upload('demo/charts', other)).status, 412)
    assert.equal((await upload('demo/charts', small)).status, 201)
    assert.deepEqual((await readQuota(id)).used, { storage: small.length, count: 1 })
  })

  test(`${kind}: provenance counts in bytes and is no version, alone and in a form`, async (t) => {
    const { createProject, setQuota, readQuota, upload } = await startOn(t, kind)
    const id = await createProject('demo')
    const chart = await buildNoise('etcd', '1.0.0', 500)
    const prov = signedText('etcd', '1.0.0')
    await setQuota(id, { storage: chart.length + prov.length - 1, count: 1 })
    const both = formOf({ chart, prov })
    assert.equal((await upload('demo/charts', both)).status, 412)
    assert.deepEqual((await readQuota(id)).used, { storage: 0, count: 0 })
    assert.equal((await upload('demo/charts', chart)).status, 201)
    const refused = await upload('demo/prov', prov)
    assert.equal(refused.status, 412)
    assert.match(refused.error, /of storage resource/)
    await setQuota(id, { storage: chart.length + prov.length })
    assert.equal((await upload('demo/prov', prov)).status, 201)
    assert.equal((await upload('demo/charts', both)).status, 201)
    assert.deepEqual((await readQuota(id)).used, { storage: chart.length + prov.length, count: 1 })
  })

  test(`${kind}: what is used stays true through a restart, and files that come by hand count`, async (t) => {
    const { createProject, setQuota, readQuota, upload, dir, restart } = await startOn(t, kind)
    const id = await createProject('demo')
    const first = await buildNoise('etcd', '1.0.0', 500)
    const second = await buildNoise('etcd', '2.0.0', 500)
    const third = await buildNoise('etcd', '3.0.0', 500)
    const sum = first.length + second.length + third.length
    await upload('demo/charts', first)
    await restart()
    assert.deepEqual((await readQuota(id)).used, { storage: first.length, count: 1 })
    await writeFile(join(dir, 'demo', 'etcd-2.0.0.tgz'), second)
    const used = { storage: first.length + second.length, count: 2 }
    assert.deepEqual((await readQuota(id)).used, used)
    await restart()
    await setQuota(id, { storage: sum - 1 })
    assert.equal((await upload('demo/charts', third)).status, 412)
    await rm(join(dir, 'demo', 'etcd-2.0.0.tgz'))
    assert.deepEqual((await readQuota(id)).used, { storage: first.length, count: 1 })
    assert.equal((await upload('demo/charts', third)).status, 201)
  })

  test(`${kind}: an upload that is longer than the project allows is 413 while it comes`, async (t) => {
    const { gateway, api, createProject, upload, dir } = await startOn(t, kind)
    const within = await buildNoise('etcd', '1.0.0', 1000)
    const max_upload_size = String(within.length)
    await createProject('demo', { metadata: { max_upload_size } })
    const over = await buildNoise('etcd', '2.0.0', 3000)
    const error = `request too large: the limit is ${max_upload_size} bytes (max_upload_size of the project)`
    assert.deepEqual(await upload('demo/charts', over), { status: 413, error })
    assert.deepEqual(await upload('demo/prov', over), { status: 413, error })
    assert.deepEqual(await upload('demo/charts', formOf({ chart: within })), { status: 413, error })
    // without a length, and without an end: the refusal comes while it is being sent
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    })
    assert.equal((await uploadTo(gateway, 'demo/charts', endless, ROOT)).status, 413)
    assert.ok(!(await readdir(dir)).includes('demo'))
    assert.equal((await upload('demo/charts', within)).status, 201)
    const path = '/projects/demo/metadatas/max_upload_size'
    assert.equal((await api.put(path, { max_upload_size: '-1' }, ROOT)).status, 200)
    assert.equal((await upload('demo/charts', over)).status, 201)
  })

  test(`${kind}: a client's own headers of the kind that the gateway sets do not reach the store`, async (t) => {
    const { gateway, createProject, setQuota } = await startOn(t, kind)
    const free = { 'x-project-max-bytes': '0', 'x-project-immutable': 'nonsense' }
    await createProject('free')
    const body = await buildNoise('etcd', '1.0.0', 500)
    const send = (project: string, headers: Record<string, string>) =>
      uploadTo(gateway, `${project}/charts`, body, { ...ROOT, headers })
    assert.equal((await send('free', free)).status, 201)
    await setQuota(await createProject('full'), { storage: 1 })
    const generous = { 'x-project-max-bytes': '9999999', X_Project_Max_Bytes: '9999999' }
    assert.equal((await send('full', generous)).status, 412)
  })
}

test('quotas are listed with what is used, filtered, sorted and in pages', async (t) => {
  const { api, createProject, setQuota, upload } = await start(t)
  const small = await createProject('small')
  const large = await createProject('large')
  const none = await createProject('none')
  await setQuota(small, { storage: 1_000_000, count: 9 })
  await setQuota(large, { storage: 9_007_199_254_740_991 })
  const body = await buildNoise('etcd', '1.0.0', 500)
  await upload('small/charts', body)
  await upload('large/charts', body)
  await upload('large/charts', await buildNoise('etcd', '2.0.0', 500))

  const ids = async (query: string): Promise<unknown> => {
    const { body: quotas } = await api.get(`/quotas?${query}`, ROOT)
    assert.ok(Array.isArray(quotas))
    return quotas.map(({ id }) => id)
  }
  const [entry] = (await api.get(`/quotas?reference_id=${small}`, ROOT)).body as object[]
  assert.ok(entry)
  const { creation_time, update_time, ...rest } = {
    creation_time: '',
    update_time: '',
    ...entry,
  }
  assert.deepEqual(rest, {
    id: small,
    ref: { id: small, name: 'small', owner_name: 'root' },
    hard: { storage: 1_000_000, count: 9 },
    used: { storage: body.length, count: 1 },
  })
  assert.ok(update_time > creation_time)
  const everything = [1, small, large, none]
  assert.deepEqual(await ids(''), everything)
  assert.deepEqual(await ids('reference=project&sort=-id'), everything.toReversed())
  assert.deepEqual(await ids('reference=user'), [])
  assert.deepEqual(await ids('reference_id=999'), [])
  assert.deepEqual(await ids('reference_id=x'), [])
  assert.deepEqual(await ids('sort=-hard.storage'), [large, small, 1, none])
  assert.deepEqual(await ids('sort=-hard.count'), [small, 1, large, none])
  assert.deepEqual(await ids('sort=-used.storage'), [large, small, 1, none])
  assert.deepEqual(await ids('sort=used.count'), [1, none, small, large])
  assert.deepEqual(await ids('sort=-used.storage&page_size=1&page=2'), [small])
  const page = await api.get('/quotas?page=2&page_size=1', ROOT)
  assert.equal(page.headers.get('x-total-count'), '4')
  assert.match(page.headers.get('link') ?? '', /page=1.*rel="prev" , .*page=3.*rel="next"/)
  assert.equal((await api.delete('/projects/none', ROOT)).status, 200)
  assert.deepEqual(await ids(''), [1, small, large])
  assertError(await api.get(`/quotas/${none}`, ROOT), 404, 'NOT_FOUND', `quota ${none} not found`)
  // as Terraform's provider asks, to the first page that is empty
  assert.equal((await api.get('/quotas/?page=2&page_size=100', ROOT)).status, 200)
})

test('a quota that breaks a rule is refused with the rule, and what is not named stays', async (t) => {
  const { api, createProject, setQuota, readQuota } = await start(t)
  const id = await createProject('demo')
  await setQuota(id, { storage: 1000, count: 5 })
  await setQuota(id, { storage: 2000 })
  assert.deepEqual((await readQuota(id)).hard, { storage: 2000, count: 5 })
  const rule = (resource: string, unit: string, max: number, got: number) =>
    `invalid value for resource ${resource}: expected a whole number of ${unit} from 1 to ${max}, ` +
    `or -1 for no limit, but got: ${got}`
  const cases: [unknown, number, string | RegExp][] = [
    [{ hard: { storage: 0 } }, 400, rule('storage', 'bytes', 9_007_199_254_740_991, 0)],
    [{ hard: { storage: 1.5 } }, 400, rule('storage', 'bytes', 9_007_199_254_740_991, 1.5)],
    [{ hard: { storage: -2 } }, 400, rule('storage', 'bytes', 9_007_199_254_740_991, -2)],
    [{ hard: { storage: 1e16 } }, 400, /^invalid value for resource storage/],
    [{ hard: { count: 2 ** 31 } }, 400, rule('count', 'versions', 2 ** 31 - 1, 2 ** 31)],
    [{ hard: { storage: 1, cpu: 4 } }, 400, 'resource cpu not support'],
    [{ hard: { toString: 4 } }, 400, 'resource toString not support'],
    [{ hard: {} }, 400, 'hard required in body'],
    [{}, 422, 'hard in body is required'],
    [{ hard: { storage: '5' } }, 400, /^hard.storage in body is not valid/],
  ]
  for (const [body, status, message] of cases) {
    const code = status === 422 ? 'UNPROCESSABLE_ENTITY' : 'BAD_REQUEST'
    assertError(await api.put(`/quotas/${id}`, body, ROOT), status, code, message)
  }
  assert.deepEqual((await readQuota(id)).hard, { storage: 2000, count: 5 })
  const missing = await api.put('/quotas/999', { hard: { storage: 1 } }, ROOT)
  assertError(missing, 404, 'NOT_FOUND', 'quota 999 not found')
})

test('only a system admin sees and sets quotas, and gives a new project one', async (t) => {
  const { gateway, api, createProject, readQuota } = await start(t)
  const alice = await gateway.accounts.createUser('alice')
  const id = await createProject('demo', { storage_limit: 5000, count_limit: 3 })
  assert.deepEqual((await readQuota(id)).hard, { storage: 5000, count: 3 })
  assert.deepEqual((await readQuota(await createProject('zero', { storage_limit: 0 }))).hard, {
    ...UNLIMITED,
  })
  const own = { project_name: 'own', storage_limit: 99_999, count_limit: 99 }
  const mine = createdId(await api.post('/projects', own, { as: 'alice' }))
  assert.deepEqual((await readQuota(mine)).hard, UNLIMITED)
  const wrong = { project_name: 'wrong', storage_limit: -5 }
  assertError(
    await api.post('/projects', wrong, ROOT),
    400,
    'BAD_REQUEST',
    /^invalid value for resource storage: .* but got: -5$/,
  )

  await gateway.accounts.addMember(id, alice, ROLE.projectAdmin)
  await gateway.accounts.createRobot(null, 'all', ['quota:read', 'quota:update'])
  const hard = { hard: { storage: -1 } }
  const send: ((who: object) => Promise<RestAnswer>)[] = [
    (who) => api.get('/quotas', who),
    (who) => api.get(`/quotas/${id}`, who),
    (who) => api.put(`/quotas/${id}`, hard, who),
  ]
  for (const ask of send) {
    assertError(await ask({}), 401, 'UNAUTHORIZED', 'unauthorized')
    assertError(await ask({ as: 'alice' }), 403, 'FORBIDDEN', 'alice')
    assertError(await ask({ as: 'robot$all' }), 403, 'FORBIDDEN', 'robot$all')
    assert.equal((await ask(ROOT)).status, 200)
  }
})

test('what is decided of all quotas counts: whether they are kept to, and the size of new projects', async (t) => {
  const { gateway, api, createProject, readQuota, upload } = await start(t)
  await createProject('demo', { storage_limit: 5000 })
  const decide = async (settings: object) => {
    assert.equal((await api.put('/configurations', settings, ROOT)).status, 200)
  }
  const uploadLarge = async (version: string) =>
    (await upload('demo/charts', await buildNoise('etcd', version, 6000))).status
  assert.equal(await uploadLarge('1.0.0'), 412)
  await decide({ quota_per_project_enable: false })
  assert.equal(await uploadLarge('1.0.0'), 201)
  await decide({ quota_per_project_enable: true, storage_per_project: 7000 })
  assert.equal(await uploadLarge('1.0.1'), 412)

  await gateway.accounts.createUser('alice')
  const asked = { storage_limit: 9000, count_limit: 9 }
  const byAlice = await api.post('/projects', { project_name: 'hers', ...asked }, { as: 'alice' })
  assert.deepEqual((await readQuota(createdId(byAlice))).hard, { storage: 7000, count: -1 })
  const byRoot = await createProject('theirs')
  assert.deepEqual((await readQuota(byRoot)).hard, { storage: 7000, count: -1 })
  const chosen = await createProject('chosen', asked)
  assert.deepEqual((await readQuota(chosen)).hard, { storage: 9000, count: 9 })
})
