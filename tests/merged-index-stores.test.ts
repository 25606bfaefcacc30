import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { get } from 'node:http'
import { type TestContext, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { load } from 'js-yaml'
import { compressPart, joinMember, openMember, storePart } from '../service/gzip-member.ts'
import { buildChart } from './support/chart-package.ts'
import { basic, startGateway, type TestGateway } from './support/gateway.ts'
import { openGatewayStore, STORE_KINDS, type StoreKind } from './support/gateway-store.ts'
import { NASTY_CHARTS } from './support/nasty-charts.ts'
import { uploadTo } from './support/project-uploads.ts'

type Entries = Record<string, { name: string; version: string; urls: string[] }[]>

interface RawAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** As it comes over the wire: fetch would unpack it. */
function ask(gateway: TestGateway, headers: Record<string, string>, method = 'GET') {
  return new Promise<RawAnswer>((resolve, reject) => {
    const options = { method, headers: { authorization: basic('boss'), ...headers } }
    get(`${gateway.url}/chartrepo/index.yaml`, options, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(parts),
        }),
      )
    }).on('error', reject)
  })
}

async function start(t: TestContext, kind: StoreKind, env: Record<string, string> = {}) {
  const { store } = await openGatewayStore(t, kind, env)
  const gateway = await startGateway(t, { store })
  await gateway.accounts.createUser('boss', true)
  for (const name of ['one', 'two', 'empty']) await gateway.accounts.createProject(name)
  const push = async (project: string, name: string, version: string, metadata = {}) => {
    const chart = await buildChart({ name, version, metadata })
    assert.deepEqual(await uploadTo(gateway, `${project}/charts`, chart, { as: 'boss' }), {
      status: 201,
      error: '',
    })
  }
  const remove = async (project: string, name: string, version: string) => {
    const path = `/api/chartrepo/${project}/charts/${name}/${version}`
    assert.equal((await gateway.get(path, { as: 'boss', method: 'DELETE' })).status, 200)
  }
  /** What the merged index is to have: of the projects' own ones. */
  const expected = async () => {
    const entries: Entries = {}
    for (const project of ['one', 'two']) {
      const answer = await gateway.get(`/chartrepo/${project}/index.yaml`, { as: 'boss' })
      const own = (load(await answer.text()) as { entries: Entries }).entries
      for (const [chart, versions] of Object.entries(own)) {
        entries[`${project}/${chart}`] = versions.map((version) => ({
          ...version,
          urls: version.urls.map((url) => (url.includes('://') ? url : `${project}/${url}`)),
        }))
      }
    }
    return entries
  }
  const check = async () => {
    const plain = await ask(gateway, { 'accept-encoding': 'identity' })
    assert.equal(plain.headers['content-encoding'], undefined)
    const text = plain.body.toString()
    const index = load(text) as { entries: Entries }
    assert.deepEqual(index.entries, await expected())
    assert.deepEqual(JSON.parse(text), index)
    const zipped = await ask(gateway, { 'accept-encoding': 'gzip' })
    assert.equal(zipped.headers['content-encoding'], 'gzip')
    assert.ok(gunzipSync(zipped.body).equals(plain.body))
    for (const { headers, body } of [plain, zipped]) {
      assert.equal(headers['content-length'], String(body.length))
      assert.equal(headers['content-type'], 'application/x-yaml')
      assert.match(String(headers.vary), /Authorization.*Accept-Encoding/)
    }
    assert.equal(zipped.headers.etag, String(plain.headers.etag).replace(/"$/, '-gzip"'))
    return String(plain.headers.etag)
  }
  return { gateway, push, remove, check }
}

for (const kind of STORE_KINDS) {
  test(`${kind}: the merged index is what the projects have, and follows each change`, async (t) => {
    const { gateway, push, remove, check } = await start(t, kind)
    const none = await ask(gateway, { 'accept-encoding': 'gzip' })
    assert.deepEqual(load(gunzipSync(none.body).toString()), { apiVersion: 'v1', entries: {} })

    await push('one', 'a', '1.0.0+b.1', { description: '"urls":["charts/' })
    const first = await check()
    await push('two', 'a', '1.0.0', { annotations: { '"urls":["charts/': '"urls":["charts/x' } })
    await push('one', 'a', '1.1.0')
    await push('one', 'true', '1.0.0')
    const second = await check()
    assert.notEqual(second, first)
    assert.equal(await check(), second)
    await remove('one', 'a', '1.0.0+b.1')
    const third = await check()
    assert.notEqual(third, second)
    await remove('two', 'a', '1.0.0')
    assert.notEqual(await check(), third)
  })

  test(`${kind}: whoever has it is told so, in whichever encoding`, async (t) => {
    const { gateway, push, check } = await start(t, kind)
    await push('one', 'a', '1.0.0')
    const etag = await check()
    for (const coding of ['identity', 'gzip']) {
      for (const tag of [etag, etag.replace(/"$/, '-gzip"')]) {
        const headers = { 'accept-encoding': coding, 'if-none-match': `"x", W/${tag}` }
        const answer = await ask(gateway, headers)
        assert.deepEqual([answer.status, answer.body.length], [304, 0])
      }
      const whole = await ask(gateway, { 'accept-encoding': coding })
      const head = await ask(gateway, { 'accept-encoding': coding }, 'HEAD')
      assert.deepEqual([head.status, head.body.length], [200, 0])
      assert.equal(head.headers['content-length'], String(whole.body.length))
    }
    await push('two', 'a', '1.0.0')
    assert.equal((await ask(gateway, { 'if-none-match': etag })).status, 200)
  })

  test(`${kind}: what is long is compressed as soon as it has been asked for`, async (t) => {
    const { gateway, push, check } = await start(t, kind)
    for (let i = 0; i < 12; i += 1) {
      await push('one', 'long', `1.${i}.0`, { description: randomBytes(60_000).toString('hex') })
    }
    await push('two', 'short', '1.0.0')
    const first = await ask(gateway, { 'accept-encoding': 'gzip' })
    const text = first.headers['content-encoding'] ? gunzipSync(first.body) : first.body
    assert.equal(Object.keys((load(text.toString()) as { entries: object }).entries).length, 2)
    const deadline = Date.now() + 10_000
    while (
      (await ask(gateway, { 'accept-encoding': 'gzip' })).headers['content-encoding'] !== 'gzip'
    ) {
      assert.ok(Date.now() < deadline)
    }
    await check()
  })

  test(`${kind}: charts that have broken indexes break no merged one`, async (t) => {
    const { gateway, check } = await start(t, kind)
    for (const { name, yaml } of NASTY_CHARTS) {
      const files = { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${yaml}\n` }
      const chart = await buildChart({ name, version: '1.0.0', files })
      const { status } = await uploadTo(gateway, 'one/charts', chart, { as: 'boss' })
      assert.equal(status, 201)
    }
    await check()
  })

  test(`${kind}: urls that lead elsewhere stay as they are`, async (t) => {
    const { push, check } = await start(t, kind, { CHART_URL: 'https://charts.example/base' })
    await push('one', 'a', '1.0.0')
    await check()
  })
}

test('projects that nobody has pushed to cost little, and change nothing', async (t) => {
  const { gateway, push, check } = await start(t, 'embedded')
  await push('one', 'a', '1.0.0')
  const etag = await check()
  await gateway.db.query(
    `insert into projects (name, owner_id)
     select 'p' || number, id from users, generate_series(1, 2000) number where username = 'boss'`,
  )
  assert.equal((await ask(gateway, { 'if-none-match': etag })).status, 304)
  await push('p7', 'late', '1.0.0')
  const { body } = await ask(gateway, {})
  const { entries } = JSON.parse(body.toString()) as { entries: Entries }
  assert.deepEqual(Object.keys(entries), ['one/a', 'p7/late'])
  assert.deepEqual(entries['p7/late']?.[0]?.urls, ['p7/charts/late-1.0.0.tgz'])
})

test('what the gateway makes it of is for the gateway alone', async (t) => {
  const { gateway } = await start(t, 'embedded')
  for (const path of ['/chartrepo/one/nested-entries', '/api/chartrepo/one/nested-entries']) {
    assert.equal((await gateway.get(path, { as: 'boss' })).status, 404)
  }
})

test('a gzip member of ours becomes part of another one, and one of somebody else does not', async () => {
  const texts = ['', 'a', 'b'.repeat(70_000), randomBytes(1000).toString('base64')].map((text) =>
    Buffer.from(text),
  )
  const members = await Promise.all(
    texts.map(async (text) => {
      const parts = joinMember([storePart(text), await compressPart(text), storePart(text)])
      // whole, and in as many parts as there are
      return [openMember(Buffer.concat(parts)), openMember(parts)]
    }),
  )
  const all = members.flat().flatMap((member) => member ?? [])
  assert.equal(all.length, 2 * texts.length)
  const expected = texts.flatMap((text) => new Array<Buffer>(6).fill(text))
  assert.ok(gunzipSync(Buffer.concat(joinMember(all))).equals(Buffer.concat(expected)))
  for (const foreign of [gzipSync('a'), gzipSync('a', { level: 1 }), Buffer.from('plain')]) {
    assert.equal(openMember(foreign), undefined)
  }
  assert.equal(openMember([]), undefined)
})
