import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiDocument, readApiDescription } from './support/api-description.ts'
import { makeRequest, nameOf } from './support/rest-access-requests.ts'
import { ACCESS_ROWS, type AccessRow } from './support/rest-access-table.ts'
import { type AccessFixture, createAccessFixture } from './support/rest-access-world.ts'
import { assertError, createRestClient, type RestAnswer } from './support/rest-client.ts'

/** spec/harbor.md 3.1, on every route that the API describes. */
test('the conventions of Harbor hold on every route', async (t) => {
  const fixture = await createAccessFixture(t)
  const { gateway } = fixture
  await seed(fixture)
  const { document } = await readApiDescription(gateway.url)
  const api = createRestClient(gateway)
  const root = { as: 'systemAdmin' }
  const lists = findLists(document)
  const urlOf = (list: List, query: string) => {
    const project = String(fixture.worlds.private.project.id)
    const path = list.path.replace('{project}', list.takesNameOnly ? 'team' : project)
    return `${path}?${[REQUIRED[list.path]?.(project), query].filter(Boolean).join('&')}`
  }
  const get = (list: List, query = '') => api.get(urlOf(list, query), root)
  const items = ({ body }: RestAnswer): unknown[] => {
    assert.ok(Array.isArray(body), JSON.stringify(body))
    return body
  }

  await t.test('a list is in pages, tells its total, and names its neighbours', async () => {
    for (const list of lists) {
      const all = await get(list, 'page_size=100')
      const total = items(all).length
      assert.ok(total > 2, `${list.path} has ${total} items: too few to test pages`)
      assert.equal(all.headers.get('x-total-count'), String(total), list.path)
      assert.equal(all.headers.get('link'), '', list.path)

      const pages = []
      for (let page = 1; page <= total + 1; page += 1) {
        const answer = await get(list, `page_size=1&page=${page}`)
        pages.push(...items(answer))
        const link = (number: number, rel: string) =>
          `<${pageOf(urlOf(list, ''), number)}>; rel="${rel}"`
        const expected = [
          ...(page > 1 ? [link(page - 1, 'prev')] : []),
          ...(page < total ? [link(page + 1, 'next')] : []),
        ]
        assert.equal(answer.headers.get('link'), expected.join(' , '), `${list.path} page ${page}`)
        assert.equal(answer.headers.get('x-total-count'), String(total), list.path)
      }
      assert.deepEqual(pages, items(all), `${list.path}: pages are the list`)
    }
  })

  await t.test('page and page_size have limits, and say which', async () => {
    for (const list of lists) {
      const first = items(await get(list, 'page_size=1'))
      const total = items(await get(list, 'page_size=100')).length
      for (const page of ['0', '-1', '1', '']) {
        assert.deepEqual(items(await get(list, `page_size=1&page=${page}`)), first, list.path)
      }
      for (const size of ['0', '-1']) {
        const answer = await get(list, `page_size=${size}`)
        assert.equal(items(answer).length, total, list.path)
        assert.equal(answer.headers.get('link'), '', list.path)
      }
      const refused: [string, RegExp][] = [
        ['page_size=101', /page_size in query should be less than or equal to 100$/],
        ['page_size=ten', /page_size in query must be of type int64: "ten"$/],
        ['page=1.5', /page in query must be of type int64: "1.5"$/],
      ]
      for (const [query, message] of refused) {
        assertError(await get(list, query), 422, 'UNPROCESSABLE_ENTITY', message)
      }
    }
  })

  await t.test(
    'q and sort are read where there are any, and unknown keys passed over',
    async () => {
      for (const list of lists.filter(({ hasQuery }) => hasQuery)) {
        const plain = items(await get(list))
        assert.deepEqual(items(await get(list, 'sort=nonsense,-rubbish')), plain, list.path)
        const required = list.path.endsWith('/robots') ? '' : 'q=nonsense%3D1'
        assert.deepEqual(items(await get(list, required)), plain, list.path)
        const reversed = items(await get(list, 'page_size=100&sort=-id'))
        assert.equal(reversed.length, items(await get(list, 'page_size=100')).length, list.path)
        for (const [q, message] of [
          ['id', /^the query string must contain "=" and the key\/value cannot be empty$/],
          ['id%3D[1]', /^invalid query string value: \[1\]$/],
        ] as const) {
          assertError(await get(list, `q=${q}`), 400, 'BAD_REQUEST', message)
        }
      }
    },
  )

  await t.test('a project in a path is an id, unless X-Is-Resource-Name', async () => {
    const { id } = fixture.worlds.private.project
    await gateway.accounts.createProject(String(id))
    const paths = Object.entries(document.paths).flatMap(([path, methods]) =>
      /^\/api\/v2\.0\/projects\/\{project\}(\/\w+)?\/?$/.test(path) && methods.get ? [path] : [],
    )
    for (const path of paths.filter((path) => !takesNameOnly(path))) {
      const read = (headers: Record<string, string>, project: string | number = id) =>
        api.get(path.replace('{project}', String(project)), { headers, as: 'projectAdmin' })
      assert.equal((await read({})).status, 200, path)
      assert.equal((await read({ 'X-Is-Resource-Name': 'false' })).status, 200, path)
      assert.equal((await read({ 'X-Is-Resource-Name': 'true' })).status, 403, path)
      assert.equal((await read({ 'X-Is-Resource-Name': 'true' }, 'team')).status, 200, path)
    }
  })

  await t.test('a verb that a path has not is 405, and says which it has', async () => {
    for (const [template, methods] of Object.entries(document.paths)) {
      // charts have answers of their own (chart-request.test.ts)
      if (!/^\/api\/v2\.0\/(?!chartrepo)/.test(template)) continue
      const path = template.replaceAll(/\{\w+\}/g, '1')
      const has = Object.keys(methods).map((method) => method.toUpperCase())
      const wrong = ['PATCH', 'PUT', 'DELETE', 'POST'].find((method) => !has.includes(method))
      if (wrong === undefined) continue
      const answer = await api.send(wrong, path, undefined, {})
      const allowed = has.join(',')
      const message = `method ${wrong} is not allowed, but [${allowed}] are`
      assertError(answer, 405, 'METHOD_NOT_ALLOWED', message)
      assert.equal(answer.headers.get('allow'), has.join(', '), path)
    }
    const missing = await api.get('/nowhere/1?x=2', root)
    assertError(missing, 404, 'NOT_FOUND', 'path /api/v2.0/nowhere/1 was not found')
  })

  await t.test(
    'what is not JSON is 400 or 415, and fields that are not known are passed over',
    async () => {
      const takesBody = ({ method, path }: AccessRow) =>
        document.paths[path]?.[method.toLowerCase()]?.requestBody !== undefined
      for (const row of ACCESS_ROWS.filter(takesBody)) {
        const { path, body } = await makeRequest(row, fixture.worlds.private)
        for (const broken of ['{', '{"a":1}}', 'null x', '', '{"a":"\\u0000"}']) {
          const answer = await api.send(row.method, path, broken, root)
          assertError(
            answer,
            400,
            'BAD_REQUEST',
            /^the body (?:is not valid JSON|has a NUL character)$/,
          )
        }
        const headers = { 'content-type': 'text/plain' }
        const text = await api.send(row.method, path, JSON.stringify(body), { ...root, headers })
        assertError(text, 415, 'UNSUPPORTED_MEDIA_TYPE', /only \[application\/json\] are allowed$/)
        // its body is the one pair that it adds
        if (nameOf(row) === 'POST /api/v2.0/projects/{project}/metadatas') continue
        const more = { ...body, nonsense: { deep: [1] } }
        const answer = await api.send(row.method, path, more, root)
        assert.equal(answer.status, row.statuses.systemAdmin, nameOf(row))
        if (answer.status !== 201) continue
        assert.match(
          answer.headers.get('location') ?? '',
          /^\/api\/v2\.0\/[\w./-]+\/\d+$/,
          nameOf(row),
        )
      }
    },
  )

  await t.test('every answer has a request id: the sent one, if it is sane', async () => {
    for (const path of ['/ping', '/users', '/nowhere', '/projects']) {
      const echoed = await api.get(path, { headers: { 'X-Request-Id': 'ci-4711' } })
      assert.equal(echoed.headers.get('x-request-id'), 'ci-4711', path)
      for (const given of [{}, { 'X-Request-Id': 'two words' }]) {
        const answer = await api.get(path, { headers: given as Record<string, string> })
        assert.match(answer.headers.get('x-request-id') ?? '', UUID, path)
      }
    }
  })
})

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface List {
  path: string
  hasQuery: boolean
  takesNameOnly: boolean
}

/** What a list cannot be asked without. */
const REQUIRED: Readonly<Record<string, (project: string) => string>> = {
  '/api/v2.0/users/search': () => 'username=e',
  '/api/v2.0/usergroups/search': () => 'groupname=group',
  '/api/v2.0/labels': (project) => `scope=p&project_id=${project}`,
}

function takesNameOnly(path: string): boolean {
  return /\/(?:logs|auditlog-exts)$/.test(path)
}

/** Routes that answer an array and take a page. */
function findLists(document: ApiDocument): List[] {
  return Object.entries(document.paths).flatMap(([path, { get }]) => {
    const parameters = (get?.parameters ?? []) as { name: string; in: string }[]
    const names = parameters.filter((one) => one.in === 'query').map(({ name }) => name)
    if (!names.includes('page_size')) return []
    return [{ path, hasQuery: names.includes('q'), takesNameOnly: takesNameOnly(path) }]
  })
}

/** As links are written: with the parameters by name. */
function pageOf(url: string, page: number): string {
  const [path, search] = url.split('?')
  const query = new URLSearchParams(search)
  query.set('page', String(page))
  query.set('page_size', '1')
  query.sort()
  return `${path}?${query}`
}

/** Some of everything that can be listed. */
async function seed({ gateway, worlds }: AccessFixture): Promise<void> {
  const { makeGroup, makeLabel, makeRobot, project } = worlds.private
  for (let index = 0; index < 3; index += 1) {
    await makeGroup()
    await makeLabel(project.id)
  }
  for (const projectId of [project.id, null]) {
    for (let index = 0; index < 3; index += 1) await makeRobot(projectId)
  }
  for (let index = 0; index < 3; index += 1) {
    await gateway.get('/chartrepo/team/charts/hello-1.0.0.tgz', { as: 'guest' })
  }
  await gateway.flushAudit()
}
