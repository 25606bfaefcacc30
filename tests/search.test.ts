import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { ROLE } from '../gateway/access/permissions.ts'
import type { ChartStore } from '../gateway/charts/chart-store.ts'
import { createEmbeddedStore } from '../gateway/embedded-chartstore.ts'
import { loadEmbeddedConfig } from '../gateway/embedded-config.ts'
import { BadGateway } from '../gateway/http/errors.ts'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { openGatewayStore } from './support/gateway-store.ts'
import { assertError, createRestClient, type RestAnswer } from './support/rest-client.ts'

const root = { as: 'root' }

/** Projects `open` (public), `team` (of guest bob) and `secret` (of nobody), each with a chart that has its name in it. */
async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  await accounts.createUser('root', true)
  await accounts.createUser('stranger')
  const open = await accounts.createProject('open', true)
  const team = await accounts.createProject('team')
  const secret = await accounts.createProject('secret')
  await accounts.addMember(team, await accounts.createUser('bob'), ROLE.guest)
  await accounts.createRobot(team, 'ci', ['helm-chart:read'])
  await accounts.createRobot(secret, 'blind', ['helm-chart-version:create'])
  for (const project of ['open', 'team', 'secret']) {
    await upload(gateway, project, `${project}-nginx`, '1.0.0')
  }
  return { gateway, api: createRestClient(gateway), team, open }
}

async function upload(
  gateway: TestGateway,
  project: string,
  name: string,
  version: string,
  metadata: Record<string, unknown> = {},
) {
  const body = await buildChart({ name, version, metadata })
  const path = `/api/chartrepo/${project}/charts`
  const response = await gateway.get(path, { as: 'root', method: 'POST', body })
  assert.equal(response.status, 201, await response.text())
}

interface Found {
  projects: string[]
  charts: [string, number][]
}

function namesOf({ status, body }: RestAnswer): Found {
  assert.equal(status, 200, JSON.stringify(body))
  const { project, repository, chart, ...rest } = Object(body)
  assert.deepEqual([repository, rest], [[], {}])
  return {
    projects: project.map(({ name }: { name: string }) => name),
    charts: chart.map(({ Name, Score }: { Name: string; Score: number }) => [Name, Score]),
  }
}

test('a search', async (t) => {
  const { gateway, api, team } = await start(t)
  const find = async (q: string, as?: string) =>
    namesOf(await api.get(`/search?q=${encodeURIComponent(q)}`, as === undefined ? {} : { as }))

  await t.test('finds nothing of what the caller may not read', async () => {
    const visible: [string | undefined, string[]][] = [
      [undefined, ['open']],
      ['stranger', ['open']],
      ['bob', ['open', 'team']],
      ['robot$team+ci', ['open', 'team']],
      ['robot$secret+blind', ['open']],
      ['root', ['open', 'secret', 'team']],
    ]
    for (const [as, projects] of visible) {
      const charts = projects.map((project) => [`${project}/${project}-nginx`, 0])
      assert.deepEqual((await find('nginx', as)).charts, charts, as)
      const found = projects.includes('secret')
      assert.deepEqual(await find('secret', as), {
        projects: found ? ['secret'] : [],
        charts: found ? [['secret/secret-nginx', 0]] : [],
      })
    }
  })

  await t.test('tells a token nothing', async () => {
    const path = '/service/token?scope=artifact-repository:team:pull'
    const { token } = (await (await gateway.get(path, { as: 'bob' })).json()) as { token: string }
    const headers = { authorization: `Bearer ${token}` }
    assertError(await api.get('/search?q=nginx', { headers }), 403, 'FORBIDDEN', 'forbidden')
  })

  await t.test('ends with the membership, and begins with it', async () => {
    const carl = await gateway.accounts.createUser('carl')
    assert.deepEqual(await find('team', 'carl'), { projects: [], charts: [] })
    await gateway.accounts.addMember(team, carl, ROLE.limitedGuest)
    const found = { projects: ['team'], charts: [['team/team-nginx', 0]] }
    assert.deepEqual(await find('team', 'carl'), found)
    await gateway.accounts.removeMember(team, carl)
    assert.deepEqual(await find('team', 'carl'), { projects: [], charts: [] })
  })

  await t.test('without a word finds nothing', async () => {
    for (const query of ['/search', '/search?q=']) {
      assert.deepEqual(namesOf(await api.get(query, root)), { projects: [], charts: [] })
    }
  })

  await t.test('sees names, descriptions and keywords in any case, and ranks them so', async () => {
    await gateway.accounts.createProject('wiki', true)
    await upload(gateway, 'wiki', 'Zeta', '1.0.0')
    await upload(gateway, 'wiki', 'b', '1.0.0', { keywords: ['x', 'ZETA'] })
    await upload(gateway, 'wiki', 'c', '1.0.0', { description: 'like Zeta' })
    assert.deepEqual((await find('zETa')).charts, [
      ['wiki/Zeta', 0],
      ['wiki/c', 2],
      ['wiki/b', 3],
    ])
    assert.deepEqual(await find('wIki'), {
      projects: ['wiki'],
      charts: [
        ['wiki/Zeta', 1],
        ['wiki/b', 1],
        ['wiki/c', 1],
      ],
    })
    assert.deepEqual((await find('wiki/c')).charts, [['wiki/c', 1]])
  })

  await t.test('takes its words literally', async () => {
    for (const q of ['.*', '(a+)+$', 'ngin[x]', '%', '\\', 'nginx|open']) {
      assert.deepEqual(await find(q, 'root'), { projects: [], charts: [] }, q)
    }
  })

  await t.test('has the latest version, and each change at once', async () => {
    await gateway.accounts.createProject('fresh', true)
    const latest = async () => {
      const { body } = await api.get('/search?q=fresh/app')
      return Object(body).chart.map(({ Chart }: { Chart: object }) => Chart)
    }
    assert.deepEqual(await latest(), [])
    for (const version of ['1.9.0', '1.10.0', '1.2.0']) {
      await upload(gateway, 'fresh', 'app', version, { icon: `https://icons/${version}` })
    }
    const [chart, ...others] = await latest()
    assert.deepEqual(others, [])
    assert.partialDeepStrictEqual(chart, {
      name: 'app',
      version: '1.10.0',
      icon: 'https://icons/1.10.0',
      urls: ['charts/app-1.10.0.tgz'],
    })
    const remove = (path: string) =>
      gateway.get(`/api/chartrepo/fresh/charts/${path}`, { as: 'root', method: 'DELETE' })
    await remove('app/1.10.0')
    assert.partialDeepStrictEqual(await latest(), [{ version: '1.9.0' }])
    await remove('app')
    assert.deepEqual(await latest(), [])
  })

  await t.test('counts the charts of the projects that it finds', async () => {
    await upload(gateway, 'team', 'second', '1.0.0')
    const { body } = await api.get('/search?q=team', { as: 'bob' })
    const [project] = Object(body).project
    assert.partialDeepStrictEqual(project, {
      project_id: team,
      name: 'team',
      chart_count: 2,
      repo_count: 0,
      metadata: { public: 'false' },
    })
  })

  await t.test('gives a later project of the same name nothing of the first one', async () => {
    await gateway.accounts.createProject('again', true)
    await upload(gateway, 'again', 'old', '1.0.0')
    assert.deepEqual((await find('again/old')).charts, [['again/old', 1]])
    const chart = { as: 'root', method: 'DELETE' }
    await gateway.get('/api/chartrepo/again/charts/old', chart)
    assert.equal((await api.delete('/projects/again', root)).status, 200)
    assert.deepEqual(await find('again'), { projects: [], charts: [] })
    await gateway.accounts.createProject('again', true)
    assert.deepEqual(await find('again'), { projects: ['again'], charts: [] })
  })

  await t.test('has at most a hundred projects and a hundred charts', async () => {
    await gateway.db.query(
      `with made as (
         insert into projects (name, owner_id)
         select 'many-' || n, 1 from generate_series(1, 110) n
         returning id
       )
       insert into project_metadata select id, 'public', 'true' from made`,
    )
    await gateway.changes.settled()
    await Promise.all(
      Array.from({ length: 110 }, (_, index) => upload(gateway, 'many-1', `app${index}`, '1.0.0')),
    )
    // the best of all, in the project that is read last
    await upload(gateway, 'many-99', 'many-apps', '1.0.0')
    const found = await find('many-')
    assert.deepEqual([found.projects.length, found.charts.length], [100, 100])
    const names = Array.from({ length: 110 }, (_, index) => `many-1/app${index}`).sort()
    const others = names.slice(0, 99).map((name) => [name, 1])
    assert.deepEqual(found.charts, [['many-99/many-apps', 0], ...others])
  })
})

/** A store that searches nothing, as a ChartMuseum: it answers all its charts, or fails for some projects. */
async function museumWith(
  t: TestContext,
  isBroken: (path: string) => boolean,
): Promise<ChartStore> {
  const log = pino({ level: 'silent' })
  const store = await createEmbeddedStore(loadEmbeddedConfig({}, await makeFolder(t)), log)
  return {
    ...store,
    peek: () => undefined,
    read: async (path, headers) => {
      if (isBroken(path)) throw new BadGateway()
      const [plain = ''] = path.split('?')
      return { ...(await store.read(plain, headers)), headers: {} }
    },
  }
}

test('a store that does not search by itself is searched too', async (t) => {
  const store = await museumWith(t, () => false)
  const gateway = await startGateway(t, { store })
  await gateway.accounts.createUser('root', true)
  await upload(gateway, 'library', 'nginx', '1.0.0')
  const api = createRestClient(gateway)
  for (let i = 0; i < 3; i++) {
    const found = namesOf(await api.get('/search?q=nginx'))
    assert.deepEqual(found, { projects: [], charts: [['library/nginx', 0]] })
  }
})

test('a project of more charts than are read at once is searched to its end', async (t) => {
  const { store, dir } = await openGatewayStore(t, 'embedded')
  const gateway = await startGateway(t, { store })
  await gateway.accounts.createUser('root', true)
  await mkdir(join(dir, 'library'), { recursive: true })
  const names = Array.from({ length: 401 }, (_, number) => `c${String(number).padStart(3, '0')}`)
  for (const name of names) {
    await writeFile(
      join(dir, 'library', `${name}-1.0.0.tgz`),
      await buildChart({ name, version: '1.0.0' }),
    )
  }
  const api = createRestClient(gateway)
  for (const name of ['c000', 'c199', 'c200', 'c399', 'c400']) {
    const found = namesOf(await api.get(`/search?q=${name}`))
    assert.deepEqual(found.charts, [[`library/${name}`, 0]])
  }
  await upload(gateway, 'library', 'c401', '1.0.0')
  assert.deepEqual(namesOf(await api.get('/search?q=c401')).charts, [['library/c401', 0]])
})

test('a project that cannot be read is left out, and only where none can be the search fails', async (t) => {
  let isBroken = true
  const store = await museumWith(t, (path) => path.startsWith('/api/library/') || isBroken)
  const gateway = await startGateway(t, { store })
  await gateway.accounts.createUser('root', true)
  await gateway.accounts.createProject('other', true)
  await upload(gateway, 'library', 'nginx', '1.0.0')
  await upload(gateway, 'other', 'nginx', '1.0.0')
  const api = createRestClient(gateway)
  const failed = await api.get('/search?q=nginx')
  assertError(failed, 502, 'BAD_GATEWAY', 'chart store unavailable')
  isBroken = false
  const found = namesOf(await api.get('/search?q=nginx'))
  assert.deepEqual(found.charts, [['other/nginx', 0]])
})

test('statistics count the projects of the caller, and totals are for system admins', async (t) => {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const api = createRestClient(gateway)
  await accounts.createUser('root', true)
  const bob = await accounts.createUser('bob')
  await accounts.createProject('open', true)
  const team = await accounts.createProject('team')
  await accounts.createProject('other')
  const deleted = await accounts.createProject('deleted')
  await accounts.addMember(team, bob, ROLE.guest)
  await accounts.addMember(deleted, bob, ROLE.guest)
  await accounts.createRobot(team, 'ci', ['helm-chart:read'])
  assert.equal((await api.delete('/projects/deleted', root)).status, 200)
  const repositories = { private_repo_count: 0, public_repo_count: 0, total_repo_count: 0 }
  assert.deepEqual((await api.get('/statistics', { as: 'bob' })).body, {
    ...repositories,
    private_project_count: 1,
    public_project_count: 2,
    total_project_count: 0,
    total_storage_consumption: 0,
  })
  assert.deepEqual((await api.get('/statistics', root)).body, {
    ...repositories,
    private_project_count: 2,
    public_project_count: 2,
    total_project_count: 4,
    total_storage_consumption: 0,
  })
  assertError(await api.get('/statistics'), 401, 'UNAUTHORIZED', 'unauthorized')
  const robot = { as: 'robot$team+ci' }
  assertError(await api.get('/statistics', robot), 403, 'FORBIDDEN', robot.as)
})
