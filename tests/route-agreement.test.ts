import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { loadChartstoreConfig } from '../chartstore/config/config.ts'
import { createRouter } from '../chartstore/http/router.ts'
import { createRoutes } from '../chartstore/routes.ts'
import { createLocalStorage } from '../chartstore/storage/local-storage.ts'
import { keepSmallFiles } from '../chartstore/storage/small-files.ts'
import { CHART_ROUTES } from '../gateway/charts/chart-route-table.ts'
import { parseChartRequest } from '../gateway/charts/parse-chart-request.ts'
import { makeFolder } from './support/folder.ts'
import { openProjectIndexes } from './support/project-indexes.ts'

/** Names that are words of the routes, which projects, charts and files may have. */
const NAMES = [
  'api',
  'charts',
  'prov',
  'health',
  'info',
  'index.yaml',
  '_problems',
  '_stats',
  'x-1.0.0.tgz',
]

/** The store's route of each kind of request. */
const STORE_ROUTES: Readonly<Record<string, string>> = {
  index: '/:repo/index.yaml',
  download: '/:repo/charts/:filename',
  list: '/api/:repo/charts',
  upload: '/api/:repo/charts',
  'upload-provenance': '/api/:repo/prov',
  versions: '/api/:repo/charts/:name',
  'delete-version': '/api/:repo/charts/:name/:version',
  details: '/api/:repo/charts/:name/:version',
  labels: '/api/:repo/charts/:name/:version',
}

test('the store reads each forwarded path as the gateway did: same route, same project', async (t) => {
  const storage = await createLocalStorage(await makeFolder(t))
  const indexes = openProjectIndexes(storage)
  const { policy } = loadChartstoreConfig({}, '/nowhere')
  const match = createRouter(
    createRoutes({
      storage,
      files: keepSmallFiles(storage),
      indexes,
      siblings: undefined,
      policy,
      version: '',
      metrics: undefined,
      web: undefined,
    }),
  )
  let compared = 0
  for (const route of CHART_ROUTES) {
    const expected = STORE_ROUTES[route.kind]
    if (expected === undefined) continue
    for (const path of expand(route.path)) {
      for (const method of route.methods) {
        const request = parse(method, `/${path.join('/')}`)
        if (request === undefined || STORE_ROUTES[request.kind] === undefined) continue
        const found = match({
          method,
          url: request.storePath,
          headers: {},
          body: Readable.from([]),
        })
        assert.equal(found?.route.path, STORE_ROUTES[request.kind], `${method} ${path.join('/')}`)
        assert.equal(found?.context.params.repo, request.project, `${method} ${path.join('/')}`)
        compared++
      }
    }
  }
  assert.ok(compared > 1000)
})

function expand([first, ...rest]: readonly string[]): string[][] {
  if (first === undefined) return [[]]
  const values = first.startsWith(':') ? NAMES : [first]
  return values.flatMap((value) => expand(rest).map((tail) => [value, ...tail]))
}

/** undefined for what the gateway refuses. */
function parse(method: string, target: string) {
  try {
    return parseChartRequest(method, target)
  } catch {
    return undefined
  }
}
