import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHART_ROUTES } from '../gateway/charts/chart-route-table.ts'
import { parsePackageName } from '../gateway/charts/package-name.ts'
import { parseChartRequest } from '../gateway/charts/parse-chart-request.ts'
import { HttpError } from '../gateway/http/errors.ts'

/** Method, target → kind, permission, path at the store. One line a row of the table at least: checked below. */
const ROUTES = [
  ['GET', '/chartrepo/team/index.yaml', 'index', 'helm-chart:read', '/team/index.yaml'],
  ['HEAD', '/chartrepo/team/index.yaml', 'index', 'helm-chart:read', '/team/index.yaml'],
  ['GET', '/chartrepo/index.yaml', 'merged-index', undefined, '/'],
  ['GET', '/chartrepo/team/charts/a-1.tgz', 'download', 'helm-chart:read', '/team/charts/a-1.tgz'],
  ['HEAD', '/chartrepo/team/charts/a-1.tgz', 'download', 'helm-chart:read', '/team/charts/a-1.tgz'],
  ['GET', '/api/chartrepo/health', 'health', undefined, '/health'],
  ['GET', '/api/chartrepo/team/charts', 'list', 'helm-chart:list', '/api/team/charts'],
  ['POST', '/api/chartrepo/team/charts', 'upload', 'helm-chart-version:create', '/api/team/charts'],
  ['POST', '/chartrepo/api/team/charts', 'upload', 'helm-chart-version:create', '/api/team/charts'],
  ['POST', '/api/chartrepo/charts', 'upload', 'helm-chart-version:create', '/api/library/charts'],
  ['POST', '/api/chartrepo/team/prov', 'upload-provenance', 'helm-chart:create', '/api/team/prov'],
  [
    'GET',
    '/api/chartrepo/team/charts/a',
    'versions',
    'helm-chart-version:list',
    '/api/team/charts/a',
  ],
  [
    'DELETE',
    '/api/chartrepo/team/charts/a',
    'delete-chart',
    'helm-chart:delete',
    '/api/team/charts/a',
  ],
  [
    'GET',
    '/api/chartrepo/team/charts/a/1',
    'details',
    'helm-chart-version:read',
    '/api/team/charts/a/1',
  ],
  [
    'DELETE',
    '/api/chartrepo/team/charts/a/1',
    'delete-version',
    'helm-chart-version:delete',
    '/api/team/charts/a/1',
  ],
  ...(['/api', '/api/v2.0'] as const).flatMap(
    (root) =>
      [
        [
          'GET',
          `${root}/chartrepo/team/charts/a/1/labels`,
          'labels',
          'helm-chart-version-label:list',
          '/api/team/charts/a/1',
        ],
        [
          'POST',
          `${root}/chartrepo/team/charts/a/1/labels`,
          'add-label',
          'helm-chart-version-label:create',
          '/api/team/charts/a/1',
        ],
        [
          'DELETE',
          `${root}/chartrepo/team/charts/a/1/labels/5`,
          'remove-label',
          'helm-chart-version-label:delete',
          '/api/team/charts/a/1',
        ],
      ] as const,
  ),
] as const

for (const [method, target, kind, permission, storePath] of ROUTES) {
  test(`${method} ${target} is ${kind}`, () => {
    const request = parseChartRequest(method, target)
    assert.deepEqual(
      [request?.kind, request?.permission, request?.storePath],
      [kind, permission, storePath],
    )
  })
}

test('every route of the table is parsed above', () => {
  const parsed = new Set<string>(ROUTES.map(([, , kind]) => kind))
  for (const route of CHART_ROUTES) assert.ok(parsed.has(route.kind), route.kind)
})

/** What is read from a path, as the store is asked for it. */
const SAME_PATH = [
  ['/chartrepo/team/charts/a-1.0.0+b1.tgz', '/team/charts/a-1.0.0+b1.tgz'],
  ['/chartrepo/team/charts/a-1.0.0%2Bb1.tgz', '/team/charts/a-1.0.0+b1.tgz'],
  ['/chartrepo/team/charts/a%20b-1.0.0.tgz', '/team/charts/a%20b-1.0.0.tgz'],
  ['/chartrepo/team/charts/%61-1.tgz', '/team/charts/a-1.tgz'],
  ['/chartrepo/team/charts/%252e%252e.tgz', '/team/charts/%252e%252e.tgz'],
  ['/chartrepo/team/charts/a%3Fb%23c.tgz', '/team/charts/a%3Fb%23c.tgz'],
  ['/chartrepo/team/charts/%E2%82%AC.tgz', '/team/charts/%E2%82%AC.tgz'],
  ['//chartrepo///team//charts//a-1.tgz/', '/team/charts/a-1.tgz'],
  ['/chartrepo/team/index.yaml/', '/team/index.yaml'],
  ['/chartrepo/team/index.yaml?x=1&y=2', '/team/index.yaml'],
  ['/chartrepo/team/index.yaml?..%2f', '/team/index.yaml'],
] as const

for (const [target, storePath] of SAME_PATH) {
  test(`${target} goes to the store as ${storePath}`, () => {
    assert.equal(parseChartRequest('GET', target)?.storePath, storePath)
  })
}

const REFUSED = [
  '/chartrepo/../team/index.yaml',
  '/chartrepo/team/charts/../../secret/charts/a-1.tgz',
  '/chartrepo/team/charts/..',
  '/chartrepo/./team/index.yaml',
  '/chartrepo/team/charts/%2e%2e',
  '/chartrepo/%2E%2e/index.yaml',
  '/chartrepo/team/charts/..%2f..%2fx',
  '/chartrepo/team%2findex.yaml',
  '/chartrepo/team%2Findex.yaml/index.yaml',
  '/chartrepo/team/charts/a%00.tgz',
  '/chartrepo/team/charts/a%0d%0aX-Y:1',
  '/chartrepo/team/charts/a%7f',
  '/chartrepo/team/charts/a%C2%85',
  '/chartrepo/team/charts/%C0%AE%C0%AE',
  '/chartrepo/team/charts/%E0%80%AF',
  '/chartrepo/team/charts/%ED%A0%80',
  '/chartrepo/team/charts/%FF',
  '/chartrepo/team/charts/%',
  '/chartrepo/team/charts/%zz',
  '/chartrepo/team/charts/ä.tgz',
  '/chartrepo/team/charts/a b.tgz',
  '/chartrepo/team/charts/a#b',
] as const

for (const target of REFUSED) {
  test(`${JSON.stringify(target)} is a 400`, () => {
    assert.throws(() => parseChartRequest('GET', target), { status: 400 })
  })
}

test('methods that a path has not are a 405 that names those it has', () => {
  assert.throws(
    () => parseChartRequest('PUT', '/api/chartrepo/team/charts'),
    (error) =>
      error instanceof HttpError && error.status === 405 && error.headers.allow === 'GET, POST',
  )
  assert.throws(() => parseChartRequest('POST', '/chartrepo/team/index.yaml'), { status: 405 })
  assert.throws(() => parseChartRequest('GET', '/api/chartrepo/charts'), { status: 405 })
  assert.throws(() => parseChartRequest('OPTIONS', '/chartrepo/index.yaml'), { status: 405 })
})

test('paths below the two roots that mean nothing are a 404', () => {
  for (const target of [
    '/chartrepo',
    '/chartrepo/team',
    '/chartrepo/team/INDEX.YAML',
    '/chartrepo/team/Charts/a-1.tgz',
    '/api/chartrepo/team',
    '/chartrepo/team/charts/a/1/labels',
    '/api/v2.0/chartrepo/team/charts/a/1',
    '/api/v2.0/chartrepo/team/charts',
    '/chartrepo/team/charts/a/b',
  ]) {
    assert.throws(() => parseChartRequest('GET', target), { status: 404 }, target)
  }
})

test('other paths are not for charts, however much they look alike', () => {
  for (const target of [
    '/',
    '/api/v2.0/projects',
    '/ChartRepo/team/index.yaml',
    '/chartrepository/team/index.yaml',
    '/x/../chartrepo/team/index.yaml',
    '/%63hartrepo/team/index.yaml',
    '/chartrepo%2fteam/index.yaml',
    'http://other/chartrepo/team/index.yaml',
    '*',
  ]) {
    assert.equal(parseChartRequest('GET', target), undefined, target)
  }
})

test('projects may have the names of routes', () => {
  const read = (method: string, target: string) => {
    const { kind, project, fileName } = parseChartRequest(method, target) ?? {}
    return [kind, project, fileName]
  }
  assert.deepEqual(read('GET', '/chartrepo/index.yaml/index.yaml'), ['index', 'index.yaml', ''])
  assert.deepEqual(read('GET', '/api/chartrepo/health/charts'), ['list', 'health', ''])
  assert.deepEqual(read('GET', '/api/chartrepo/charts/charts'), ['list', 'charts', ''])
  assert.deepEqual(read('POST', '/api/chartrepo/charts/charts'), ['upload', 'charts', ''])
  assert.throws(() => read('GET', '/chartrepo/api/charts/charts'), /ends in \.tgz/)
  assert.deepEqual(read('POST', '/chartrepo/api/charts/charts'), ['upload', 'charts', ''])
  assert.deepEqual(read('GET', '/chartrepo/charts/charts/a-1.tgz'), [
    'download',
    'charts',
    'a-1.tgz',
  ])
})

test('force counts by its presence, and unknown parameters stay here', () => {
  const query = (target: string) => parseChartRequest('POST', target)?.storePath.split('?')[1]
  assert.equal(query('/api/chartrepo/team/charts?force'), 'force')
  assert.equal(query('/api/chartrepo/team/charts?force=false'), 'force')
  assert.equal(query('/api/chartrepo/team/charts?x=force&force=&y'), 'force')
  assert.equal(query('/api/chartrepo/team/charts?enforce'), undefined)
  assert.equal(query('/api/chartrepo/team/charts?prov=x'), undefined)
})

test('a list is whole, as in Harbor: its query stays here', () => {
  const request = parseChartRequest('GET', '/api/chartrepo/team/charts?limit=5%26x&offset=2&q=a')
  assert.equal(request?.storePath, '/api/team/charts')
})

const FILE_NAMES = [
  ['etcd-1.4.3.tgz', 'etcd', '1.4.3'],
  ['a-1.0.0-rc.1+b-2.tgz', 'a', '1.0.0-rc.1+b-2'],
  ['a-1.0.0-1.tgz', 'a', '1.0.0-1'],
  ['a-1.1.1-156982111-x.tgz', 'a', '1.1.1-156982111-x'],
  ['a-1x-1.0.0.tgz', 'a-1x', '1.0.0'],
  ['a-1-2.0.0.tgz', 'a-1', '2.0.0'],
  ['a-v1.2.3.tgz', 'a', 'v1.2.3'],
  ['a--1.0.0.tgz', 'a-', '1.0.0'],
  ['a--b-1.0.0.tgz', 'a--b', '1.0.0'],
  ['a-1.2.tgz', 'a', '1.2'],
  ['vault-v2.tgz', 'vault', 'v2'],
] as const

for (const [fileName, chart, version] of FILE_NAMES) {
  test(`${fileName} is version ${version} of ${chart}`, () => {
    assert.deepEqual(parsePackageName(fileName), { chart, version })
  })
}

test('a file name without a version names no chart', () => {
  for (const fileName of ['a.tgz', '-1.0.0.tgz', '--.tgz', '.tgz', 'a-b.tgz']) {
    assert.equal(parsePackageName(fileName), undefined, fileName)
  }
})
