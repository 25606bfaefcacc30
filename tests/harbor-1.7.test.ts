import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { buildChart } from './support/chart-package.ts'
import { mustRun } from './support/command.ts'
import { PASSWORD, startGateway, type TestGateway } from './support/gateway.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('root', true)
  return { gateway, api: createOldClient(gateway) }
}

interface Answer {
  status: number
  type: string | null
  location: string | null
  link: string | null
  total: string | null
  /** Parsed, where it is JSON; else the text. */
  body: unknown
}

/** A script as it was written for Harbor 1.7, by `root` unless it says otherwise. */
function createOldClient(gateway: TestGateway) {
  const send = async (
    method: string,
    path: string,
    content?: unknown,
    as: string | null = 'root',
  ): Promise<Answer> => {
    const response = await gateway.get(`/api${path}`, {
      method,
      ...(as === null ? {} : { as }),
      ...(content === undefined
        ? {}
        : { body: JSON.stringify(content), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    const type = response.headers.get('content-type')
    const isJson = type?.startsWith('application/json') === true && method !== 'HEAD'
    return {
      status: response.status,
      type,
      location: response.headers.get('location'),
      link: response.headers.get('link'),
      total: response.headers.get('x-total-count'),
      body: isJson ? JSON.parse(text) : text,
    }
  }
  return {
    send,
    get: (path: string, as?: string | null) => send('GET', path, undefined, as),
    post: (path: string, content: unknown, as?: string | null) => send('POST', path, content, as),
    put: (path: string, content: unknown, as?: string | null) => send('PUT', path, content, as),
    delete: (path: string, as?: string | null) => send('DELETE', path, undefined, as),
  }
}

/** The id at the end of a Location, which is the path that was asked for with the id behind it. */
function createdId({ status, location, body }: Answer, path: string): number {
  assert.equal(status, 201, JSON.stringify(body))
  assert.equal(body, '')
  const id = Number(location?.split('/').at(-1))
  assert.equal(location, `/api${path}/${id}`)
  return id
}

/** A refusal is a line of text. */
function assertRefused({ status, type, body }: Answer, expected: number, text: string | RegExp) {
  assert.equal(status, expected, String(body))
  assert.equal(type, 'text/plain; charset=utf-8')
  if (typeof text === 'string') assert.equal(body, `${text}\n`)
  else assert.match(String(body), text)
}

const times = { creation_time: '', update_time: '' }
const withoutTimes = (body: unknown) => ({ ...Object(body), ...times })

test("the lines of Harbor 1.7's documents work with curl", {
  skip: skipWithoutPrograms('curl'),
}, async (t) => {
  const { gateway } = await start(t)
  const user = `root:${PASSWORD}`
  const script = `
set -euo pipefail
curl() { command curl -sS --fail-with-body "$@"; }
JSON='Content-Type: application/json'
curl -u "$USER_PASSWORD" -X POST "$URL/api/projects" -H "$JSON" -H 'Accept: application/json' \\
  -d '{"project_name": "curl-public", "public": 1}'
curl -u "$USER_PASSWORD" -X POST "$URL/api/projects" -H "$JSON" \\
  -d '{"project_name": "curl-private", "metadata": {"public": "false"}}'
curl -u "$USER_PASSWORD" -I "$URL/api/projects?project_name=curl-private" | head -1
curl "$URL/api/projects?name=curl-&page=1&page_size=15"; echo
curl -u "$USER_PASSWORD" -X POST "$URL/api/users" -H "$JSON" \\
  -d '{"username":"carl","email":"carl@example.com","realname":"Carl","password":"Carl12345","comment":"none"}'
ID=$(curl -u "$USER_PASSWORD" "$URL/api/projects?name=curl-private" | sed 's/.*"project_id":\\([0-9]*\\).*/\\1/')
curl -u "$USER_PASSWORD" -X POST "$URL/api/projects/$ID/members" -H "$JSON" \\
  -d '{"role_id": 2, "member_user": {"username": "carl"}}'
curl -u "$USER_PASSWORD" "$URL/api/projects/$ID/members?entityname=arl"; echo
curl -u "$USER_PASSWORD" -X PUT "$URL/api/projects/$ID" -d '{"metadata": {"public": "true"}}'
curl -u "$USER_PASSWORD" -X DELETE "$URL/api/projects/$ID"
curl "$URL/api/ping"; echo
`
  const env = { ...process.env, URL: gateway.url, USER_PASSWORD: user }
  const lines = (await mustRun('bash', ['-c', script], { env })).trim().split('\n')
  assert.match(lines[0] ?? '', /^HTTP\/1\.1 200 /)
  const projects = JSON.parse(lines[1] ?? '')
  assert.deepEqual(
    projects.map(({ name }: { name: string }) => name),
    ['curl-public'],
  )
  const [member, ...others] = JSON.parse(lines[2] ?? '')
  assert.deepEqual(others, [])
  assert.partialDeepStrictEqual(member, { entity_name: 'carl', role_id: 2 })
  assert.deepEqual(lines.slice(3), ['"Pong"'])
})

test('a script that was written for Harbor 1.7', async (t) => {
  const { gateway, api } = await start(t)
  const { accounts } = gateway

  await t.test('makes projects, lists them, changes them and deletes them', async () => {
    const body = { project_name: 'demo', public: 1 }
    const id = createdId(await api.post('/projects', body), '/projects')
    const { body: project } = await api.get(`/projects/${id}`)
    assert.deepEqual(withoutTimes(project), {
      project_id: id,
      owner_id: Object(project).owner_id,
      owner_name: 'root',
      name: 'demo',
      ...times,
      deleted: false,
      togglable: true,
      current_user_role_id: 1,
      repo_count: 0,
      chart_count: 0,
      metadata: { public: 'true' },
    })
    assert.equal((await api.put(`/projects/${id}`, { metadata: { public: 'false' } })).status, 200)
    const secret = { project_name: 'secret', public: 1, metadata: { public: 'false' } }
    createdId(await api.post('/projects', secret), '/projects')
    const names = async (query: string, as: string | null = 'root') => {
      const { body } = await api.get(`/projects?${query}`, as)
      return (body as { name: string }[]).map(({ name }) => name)
    }
    assert.deepEqual(await names('name=e'), ['demo', 'secret'])
    assert.deepEqual(await names('public=true'), ['library'])
    assert.deepEqual(await names('public=1', null), ['library'])
    assert.equal((await api.delete(`/projects/${id}`)).status, 200)
    assertRefused(await api.get(`/projects/${id}`), 404, `project ${id} not found`)
  })

  await t.test('hears in a line of text why a project is refused', async () => {
    const make = (body: unknown, as?: string | null) => api.post('/projects', body, as)
    createdId(await make({ project_name: 'taken' }), '/projects')
    assertRefused(await make({ project_name: 'taken' }), 409, '')
    assertRefused(await make({ project_name: 'x' }, null), 401, '')
    assertRefused(
      await make({ project_name: 'UPPER' }),
      400,
      'invalid request: project name is not in lower case or contains illegal characters',
    )
    assertRefused(await make({}), 400, /^invalid request: Project name {2}is illegal in length/)
    const library = '/projects/1'
    const chart = await buildChart({ name: 'hello', version: '1.0.0' })
    const upload = { as: 'root', method: 'POST', body: chart }
    assert.equal((await gateway.get('/api/chartrepo/library/charts', upload)).status, 201)
    const text = 'the project contains helm charts, can not be deleted'
    assertRefused(await api.delete(library), 412, text)
    await accounts.createUser('weak')
    assertRefused(await api.delete(library, 'weak'), 403, 'weak')
    assertRefused(
      await api.get('/projects/library'),
      404,
      'path /api/projects/library was not found',
    )
    const head = (query: string, as?: string | null) =>
      api.send('HEAD', `/projects${query}`, undefined, as)
    assert.equal((await head('?project_name=library')).status, 200)
    assert.equal((await head('?project_name=none')).status, 404)
    assert.equal((await head('')).status, 400)
  })

  await t.test('has a page of 500, and hears of pages that are none', async () => {
    await gateway.db.query(
      `insert into projects (name, owner_id) select 'page-' || n, 1 from generate_series(1, 510) n`,
    )
    const list = (query: string) => api.get(`/projects?name=page-${query}`)
    const lengthOf = async (query: string) => ((await list(query)).body as unknown[]).length
    assert.equal(await lengthOf(''), 500)
    assert.equal(await lengthOf('&page_size=1000'), 500)
    assert.equal(await lengthOf('&page_size=200'), 200)
    assert.equal(await lengthOf('&page=2'), 10)
    const middle = await list('&page=2&page_size=100')
    assert.equal(middle.total, '510')
    assert.equal(
      middle.link,
      '</api/projects?name=page-&page=1&page_size=100>; rel="prev", ' +
        '</api/projects?name=page-&page=3&page_size=100>; rel="next"',
    )
    for (const page of ['0', '-1', 'x', '1.5']) {
      assertRefused(await list(`&page=${page}`), 400, 'invalid page')
      assertRefused(await list(`&page_size=${page}`), 400, 'invalid page_size')
    }
  })

  await t.test('gives roles to members, and takes them away', async () => {
    const id = await accounts.createProject('staff')
    const userIds = []
    for (let n = 10; n < 22; n++) userIds.push(await accounts.createUser(`staff${n}`))
    const members = `/projects/${id}/members`
    for (const userId of userIds) await accounts.addMember(id, userId, ROLE.guest)
    const bob = await accounts.createUser('bob')
    const add = { role_id: 2, member_user: { username: 'bob' } }
    const member = createdId(await api.post(members, add), members)
    assert.deepEqual((await api.get(`${members}/${member}`)).body, {
      id: member,
      project_id: id,
      entity_name: 'bob',
      role_name: 'developer',
      role_id: 2,
      entity_id: bob,
      entity_type: 'u',
    })
    const names = async (query: string) =>
      ((await api.get(`${members}${query}`)).body as { entity_name: string }[]).map(
        ({ entity_name }) => entity_name,
      )
    assert.equal((await names('')).length, 13)
    assert.equal((await names('?page=2&page_size=5')).length, 13)
    assert.deepEqual(
      await names('?entityname=aff1'),
      [...Array(10).keys()].map((n) => `staff1${n}`),
    )
    assert.equal((await api.put(`${members}/${member}`, { role_id: 1 })).status, 200)
    assert.equal((await api.get(members, 'bob')).status, 200)
    assertRefused(await api.post(members, add), 409, 'The project member specified already exist')
    const wrong = { ...add, role_id: 9 }
    assertRefused(await api.post(members, wrong), 400, /role is not in 1,2,3\n$/)
    assert.equal((await api.delete(`${members}/${member}`)).status, 200)
    assertRefused(await api.get(members, 'bob'), 403, 'bob')
    assertRefused(await api.get(members, null), 401, '')
  })

  await t.test('makes users, and makes admins of them', async () => {
    const profile = { email: 'dora@example.com', realname: 'Dora', comment: 'new' }
    const dora = { username: 'dora', password: 'Dora12345', ...profile, has_admin_role: true }
    const id = createdId(await api.post('/users', dora), '/users')
    const described = {
      user_id: id,
      username: 'dora',
      password: '',
      ...profile,
      deleted: false,
      role_name: '',
      role_id: 0,
      // no field of the body makes an admin (CVE-2019-16097)
      has_admin_role: false,
      reset_uuid: '',
      ...times,
    }
    assert.deepEqual(withoutTimes((await api.get(`/users/${id}`)).body), described)
    const found = (await api.get('/users?username=dora')).body as unknown[]
    assert.deepEqual(found.map(withoutTimes), [described])
    for (const flag of [true, 1]) {
      const change = { has_admin_role: flag }
      assert.equal((await api.put(`/users/${id}/sysadmin`, change)).status, 200)
      assert.partialDeepStrictEqual((await api.get(`/users/${id}`)).body, { has_admin_role: true })
      assert.equal((await api.put(`/users/${id}/sysadmin`, { has_admin_role: 0 })).status, 200)
      assert.partialDeepStrictEqual((await api.get(`/users/${id}`)).body, { has_admin_role: false })
    }
    const again = { ...profile, realname: 'Dorothea' }
    assert.equal((await api.put(`/users/${id}`, again)).status, 200)
    const newPassword = { old_password: '', new_password: PASSWORD }
    assert.equal((await api.put(`/users/${id}/password`, newPassword)).status, 200)
    const current = await api.get('/users/current', 'dora')
    assert.partialDeepStrictEqual(current.body, { user_id: id, realname: 'Dorothea', role_id: 0 })
    assertRefused(await api.get('/users', 'dora'), 403, 'User does not have admin role')
    assertRefused(await api.get('/users/current', null), 401, '')
    assertRefused(await api.post('/users', dora), 409, 'user dora already exists')
    const weak = { ...dora, username: 'weak2', password: 'weak' }
    assertRefused(
      await api.post('/users', weak),
      400,
      /^register error:the password or secret must/,
    )
    assertRefused(await api.post('/users', dora, null), 401, '')
    assertRefused(await api.get('/users/x'), 400, /^id in path must be of type int64/)
    assert.equal((await api.delete(`/users/${id}`)).status, 200)
    assertRefused(await api.get(`/users/${id}`), 404, `user ${id} not found`)
  })

  await t.test('labels charts', async () => {
    const project = await accounts.createProject('labelled')
    const body = { name: 'prod', color: '#9B0D54', scope: 'p', project_id: project }
    const id = createdId(await api.post('/labels', body), '/labels')
    const label = { id, ...body, description: '', deleted: false, ...times }
    assert.deepEqual(withoutTimes((await api.get(`/labels/${id}`)).body), label)
    const list = await api.get(`/labels?scope=p&project_id=${project}`)
    assert.deepEqual((list.body as unknown[]).map(withoutTimes), [label])
    assertRefused(await api.get('/labels'), 400, 'invalid scope: ')
    assert.equal((await api.put(`/labels/${id}`, { ...body, name: 'live' })).status, 200)
    const chart = await buildChart({ name: 'hello', version: '1.0.0' })
    const charts = '/chartrepo/labelled/charts'
    const upload = { as: 'root', method: 'POST', body: chart }
    assert.equal((await gateway.get(`/api${charts}`, upload)).status, 201)
    const labels = `${charts}/hello/1.0.0/labels`
    assert.equal((await api.post(labels, { id })).location, `/api${labels}/${id}`)
    assert.partialDeepStrictEqual((await api.get(labels)).body, [{ id, name: 'live' }])
    assert.equal((await api.delete(`${labels}/${id}`)).status, 200)
    assert.equal((await api.delete(`/labels/${id}`)).status, 200)
  })

  await t.test('reads the log of a project, and of all, by filters of its own', async () => {
    const id = await accounts.createProject('logged')
    // a project whose name is the id of another
    await accounts.createProject(String(id))
    const reader = await accounts.createUser('reader')
    await accounts.addMember(id, reader, ROLE.guest)
    for (const version of ['1.0.0', '2.0.0']) {
      const body = await buildChart({ name: 'hello', version })
      const upload = { as: 'root', method: 'POST', body }
      await (await gateway.get('/api/chartrepo/logged/charts', upload)).text()
    }
    const pull = '/chartrepo/logged/charts/hello-2.0.0.tgz'
    await (await gateway.get(pull, { as: 'reader' })).arrayBuffer()
    await gateway.flushAudit()
    const logs = async (query = '', as = 'reader') => {
      const { status, body } = await api.get(`/projects/${id}/logs${query}`, as)
      assert.equal(status, 200, String(body))
      return (body as Record<string, unknown>[]).map(
        ({ username, repo_name, repo_tag, operation }) =>
          [username, operation, repo_name, repo_tag].join(' '),
      )
    }
    const pulled = 'reader pull logged/hello 2.0.0'
    const [second, first] = ['root create logged/hello 2.0.0', 'root create logged/hello 1.0.0']
    assert.deepEqual(await logs(), [pulled, second, first])
    assert.deepEqual(await logs('?username=roo'), [second, first])
    assert.deepEqual(await logs('?operation=pull&operation=delete'), [pulled])
    assert.deepEqual(await logs('?repository=gged/hel&tag=1.0'), [])
    assert.deepEqual(await logs('?repository=hello&tag=1.0'), [first])
    assert.deepEqual(await logs('?tag=2.0.0'), [pulled, second])
    assert.deepEqual(await logs(`?begin_timestamp=${Math.floor(Date.now() / 1000) + 3600}`), [])
    assert.equal((await logs('?begin_timestamp=1&end_timestamp=99999999999')).length, 3)
    assert.deepEqual(await logs('?page=2&page_size=1'), [second])
    const path = `/projects/${id}/logs`
    assertRefused(await api.get(`${path}?begin_timestamp=x`), 400, 'invalid begin_timestamp: x')
    assertRefused(await api.get(`${path}?username=a,b`), 400, 'invalid filter: a,b')
    assertRefused(await api.get('/projects/999999/logs'), 404, 'project 999999 not found')
    assertRefused(await api.get('/projects/logged/logs'), 404, /^path .* was not found\n$/)
    const all = await api.get('/logs?repository=logged/hello')
    assert.equal(all.total, '3')
    assert.deepEqual(Object.keys(Object((all.body as object[])[0])), [
      'log_id',
      'username',
      'repo_name',
      'repo_tag',
      'guid',
      'operation',
      'op_time',
    ])
  })

  await t.test('searches, counts, and asks what it talks to', async () => {
    const found = Object((await api.get('/search?q=librar', null)).body)
    assert.deepEqual(Object.keys(found), ['project', 'repository', 'Chart'])
    assert.partialDeepStrictEqual(found.project, [{ name: 'library', togglable: false }])
    assert.partialDeepStrictEqual(found.Chart, [{ Name: 'library/hello', Score: 1 }])
    const statistics = Object((await api.get('/statistics')).body)
    assert.equal(statistics.public_project_count, 1)
    const system = await api.get('/systeminfo')
    assert.partialDeepStrictEqual(system.body, { with_chartmuseum: true, auth_mode: 'db_auth' })
    const ping = await api.get('/ping', null)
    assert.deepEqual([ping.status, ping.body], [200, 'Pong'])
  })

  await t.test('gets a line of text for what there is not, or is not let in', async () => {
    assertRefused(await api.get('/nothing'), 404, 'path /api/nothing was not found')
    assertRefused(
      await api.send('PATCH', '/projects'),
      405,
      'method PATCH is not allowed, but [GET,HEAD,POST] are',
    )
    const wrong = await gateway.get('/api/projects', { as: 'root', password: 'wrong' })
    assert.deepEqual([wrong.status, await wrong.text()], [401, '\n'])
    const form = { as: 'root', method: 'POST', body: new URLSearchParams({ project_name: 'x' }) }
    const refused = await gateway.get('/api/projects', form)
    assert.equal(refused.status, 415)
  })
})

test('what is under /api already is not taken by the old paths', async (t) => {
  const { gateway, api } = await start(t)
  assert.deepEqual((await api.get('/version', null)).body, { version: 'v2.0' })
  const errorOf = async (path: string) => {
    const response = await gateway.get(path)
    return [response.status, await response.json()]
  }
  const failure = (code: string, message: string) => ({ errors: [{ code, message }] })
  assert.deepEqual(await errorOf('/api/v2.0/nothing'), [
    404,
    failure('NOT_FOUND', 'path /api/v2.0/nothing was not found'),
  ])
  assert.deepEqual(await errorOf('/api/v2.0/users'), [401, failure('UNAUTHORIZED', 'unauthorized')])
  assert.deepEqual(await errorOf('/api/chartrepo/none/charts'), [
    401,
    { error: 'unauthorized', ...failure('UNAUTHORIZED', 'unauthorized') },
  ])
  const ping = await gateway.get('/api/v2.0/ping')
  assert.equal(await ping.text(), 'Pong')
  const names = (await api.get('/projects')).body as { name: string }[]
  assert.deepEqual(
    names.map(({ name }) => name),
    ['library'],
  )
})
