import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FACES, type Face, openFace } from './support/chart-faces.ts'
import { buildChart } from './support/chart-package.ts'
import {
  form,
  get,
  harbor,
  head,
  holds,
  raw,
  remove,
  type Step,
  takeSteps,
} from './support/chart-steps.ts'
import { signedText } from './support/signed-text.ts'

/**
 * What ChartMuseum's own Go suite asks of a server (spec/chartmuseum.md 6.2), by the names of its tests: of a store alone,
 * and through a gateway. What it asks of the router is in chartmuseum-router.test.ts; what is about one setting of a store
 * alone (metrics, state files, the cache interval) is with the tests of that setting.
 */
interface Scenario {
  name: string
  /** The store's settings. */
  env?: Record<string, string>
  /** At a store and at a gateway that has it in its process, where not said. */
  faces?: readonly Face[]
  steps: readonly Step[]
}

/** As in ChartMuseum's testdata: a Chart.yaml that says name and version, and nothing else. */
const bare = (name: string, version: string, files = {}) =>
  buildChart({ name, version, metadata: { apiVersion: undefined }, files })

const pod = { 'templates/pod.yaml': 'kind: Pod\n' }
const mychart = await bare('mychart', '0.1.0', pod)
const [mychart001, mychart020, mychart0100, mychartRc] = await Promise.all([
  bare('mychart', '0.0.1'),
  bare('mychart', '0.2.0'),
  bare('mychart', '0.10.0'),
  bare('mychart', '1.0.0-rc.1'),
])
const service = await bare('mychart-service', '0.0.1')
const other = await bare('otherchart', '0.1.0', { 'values.yaml': '' })
const mychart2 = await bare('mychart2', '0.1.0-SNAPSHOT-1')
/** As in its acceptance suite. */
const EVIL = '../../../../charts/org2/repo2/evil'
const evil = await buildChart({ name: EVIL, version: '1.0.0', topDir: 'mybadchart' })
const prov = signedText('mychart', '0.1.0')
const otherProv = signedText('otherchart', '0.1.0')
const evilProv = signedText(EVIL, '1.0.0')

const SAVED = { saved: true }
const DELETED = { deleted: true }
/** Harbor answers a deletion without a body. */
const GONE = harbor(200, (body) => assert.equal(body, ''))

const version = (expected: string) => (body: string) =>
  assert.equal((JSON.parse(body) as { version: string }).version, expected)
const versions =
  (...expected: string[]) =>
  (body: string) => {
    const found = (JSON.parse(body) as { version: string }[]).map((item) => item.version)
    assert.deepEqual(found, expected)
  }
const charts =
  (...expected: string[]) =>
  (body: string) =>
    assert.deepEqual(Object.keys(JSON.parse(body)), expected)

/** Harbor's list of charts: an array, never a page of it (spec/harbor.md 1.6, #5). */
const summaries = (...expected: string[]) =>
  harbor(200, (body) => {
    const found = (JSON.parse(body) as { name: string }[]).map(({ name }) => name)
    assert.deepEqual(found, expected)
  })
/** Harbor's details of a version (spec/harbor.md 1.6, #9). */
const details = (expected: string) =>
  harbor(200, (body) => {
    const { metadata } = JSON.parse(body) as { metadata: { version: string } }
    assert.equal(metadata.version, expected)
  })
/** Harbor has HEAD on none of its chart routes, Chartgate on those that helm reads. */
const NO_HEAD = harbor(405)
/** Not a path of Harbor's. */
const NO_ROUTE = harbor(404)

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'testAllRoutes, reading',
    env: { ARTIFACT_HUB_REPO_ID: '5a5b5c' },
    faces: FACES,
    steps: [
      [get('index.yaml'), 200, holds()],
      [get('api/charts'), 200, {}, harbor(200, [])],
      ...[mychart, mychart020, mychart0100, mychartRc, other].map(
        (content): Step => [raw('api/charts', content), 201, SAVED],
      ),
      [raw('api/prov', prov), 201, SAVED],

      [get('index.yaml'), 200, holds(mychart, mychart020, mychart0100, mychartRc, other)],
      [head('index.yaml'), 200],
      [get('artifacthub-repo.yml'), 200, Buffer.from('repositoryID: 5a5b5c\n'), NO_ROUTE],
      [get('charts/mychart-0.1.0.tgz'), 200, mychart],
      [get('charts/mychart-0.1.0.tgz.prov'), 200, Buffer.from(prov)],
      [get('charts/fakechart-0.1.0.tgz'), 404, 'object not found'],
      [get('charts/fakechart-0.1.0.tgz.prov'), 404, 'object not found'],
      ...['charts/fakechart-0.1.0.bad', 'charts/none.prov', 'charts/index-cache.yaml'].map(
        (path): Step => [get(path), 500, 'unsupported file extension', NO_ROUTE],
      ),
      [get('index.yaml/'), 404, 'not found', harbor(200)],

      [get('api/charts'), 200, charts('mychart', 'otherchart'), summaries('mychart', 'otherchart')],
      [get('api/charts?offset=10&limit=5'), 200, {}, summaries('mychart', 'otherchart')],
      [get('api/charts?offset=1&limit=5'), 200, charts('otherchart'), harbor(200)],
      [get('api/charts?limit=1'), 200, charts('mychart'), harbor(200)],
      // ChartMuseum answers {}: a fault of its (spec/chartmuseum.md 1.4).
      [get('api/charts?offset=1'), 200, charts('otherchart'), harbor(200)],
      ...['offset=-1', 'offset=-1&limit=5', 'offset=x&limit=x'].map(
        (query): Step => [
          get(`api/charts?${query}`),
          400,
          'offset is not a valid non-negative integer',
          harbor(200),
        ],
      ),
      ...['limit=0', 'limit='].map(
        (query): Step => [
          get(`api/charts?${query}`),
          400,
          'limit is not a valid positive integer',
          harbor(200),
        ],
      ),

      [get('api/charts/mychart'), 200, versions('1.0.0-rc.1', '0.10.0', '0.2.0', '0.1.0')],
      [get('api/charts/fakechart'), 404, 'chart not found'],
      [get('api/charts/'), 404, 'chart not found', harbor(200)],
      [head('api/charts/mychart'), 200, undefined, NO_HEAD],
      [head('api/charts/fakechart'), 404, undefined, NO_HEAD],

      ...[
        ['0.1.0', '0.1.0'],
        ['latest', '0.10.0'],
        ['0.2', '0.2.0'],
        ['%3E0.0.0-0', '1.0.0-rc.1'],
      ].map(
        ([asked = '', found = '']): Step => [
          get(`api/charts/mychart/${asked}`),
          200,
          version(found),
          details(found),
        ],
      ),
      [get('api/charts/mychart/'), 200, version('0.10.0'), harbor(200)],
      [get('api/charts/mychart/0.1.1'), 404, 'no chart version found for mychart-0.1.1'],
      [get('api/charts/mychart/not-semver'), 404, 'improper constraint: not-semver'],
      [get('api/charts/fakechart/0.1.0'), 404, 'no chart name found'],
      [head('api/charts/mychart/0.1.0'), 200, undefined, NO_HEAD],
      [head('api/charts/mychart/latest'), 200, undefined, NO_HEAD],
      [head('api/charts/mychart/0.1.1'), 404, undefined, NO_HEAD],
      [head('api/charts/fakechart/0.1.0'), 404, undefined, NO_HEAD],

      [
        get('api/charts/mychart/0.1.0/templates'),
        200,
        {
          templates: [{ name: 'templates/pod.yaml', data: 'a2luZDogUG9kCg==' }],
          values: { replicas: 1 },
        },
        NO_ROUTE,
      ],
      [
        get('api/charts/otherchart/latest/templates'),
        200,
        { templates: null, values: null },
        NO_ROUTE,
      ],
      [get('api/charts/mychart/0.1.0/values'), 200, Buffer.from('replicas: 1\n'), NO_ROUTE],
      ...['templates', 'values'].flatMap((part): Step[] => [
        [get(`api/charts/mychart/latest/${part}`), 200, undefined, NO_ROUTE],
        [get(`api/charts/mychart/0.1.1/${part}`), 404, undefined, NO_ROUTE],
        [get(`api/charts/fakechart/0.1.0/${part}`), 404, undefined, NO_ROUTE],
      ]),
    ],
  },
  {
    name: 'testAllRoutes, writing',
    faces: FACES,
    env: { ALLOW_OVERWRITE: 'false', DISABLE_FORCE_OVERWRITE: 'true' },
    steps: [
      [raw('api/charts', ''), 400, 'EOF'],
      [raw('api/prov', ''), 500, 'invalid provenance file'],
      [raw('api/charts', mychart), 201, SAVED],
      [raw('api/charts', mychart), 409, 'file already exists'],
      [raw('api/charts?force', mychart), 409, 'file already exists'],
      [raw('api/prov', prov), 201, SAVED],
      [raw('api/prov', prov), 409, 'file already exists'],
      [raw('api/prov?force', prov), 409, 'file already exists'],
      [get('index.yaml'), 200, holds(mychart)],

      [remove('api/charts/mychart/0.1.0'), 200, DELETED, GONE],
      [get('index.yaml'), 200, holds()],
      [get('charts/mychart-0.1.0.tgz'), 404, 'object not found'],
      [get('charts/mychart-0.1.0.tgz.prov'), 404, 'object not found'],
      // Without the path on the server that ChartMuseum tells here (spec/chartmuseum.md 7.S4).
      [remove('api/charts/mychart/0.1.0'), 404, 'remove mychart-0.1.0.tgz: no such file'],

      [form('api/charts', { chart: mychart }), 201, SAVED],
      [form('api/charts', { prov }), 201, SAVED],
      [remove('api/charts/mychart/0.1.0'), 200],
      [form('api/charts', { prov, chart: mychart }), 201, SAVED],
      [get('charts/mychart-0.1.0.tgz.prov'), 200, Buffer.from(prov)],
      [remove('api/charts/mychart/0.1.0'), 200],
      [
        form('api/charts', { unknown: mychart }),
        400,
        'no package or provenance file found in form fields chart and prov',
      ],
      [form('api/charts', { chart: mychart }), 201, SAVED],
      [form('api/charts', { chart: mychart }), 409, 'chart already exists'],
      [form('api/charts?force', { chart: mychart }), 409, 'chart already exists'],
      [form('api/charts', { chart: prov }), 400, 'gzip: invalid header'],
      [form('api/charts', { prov: mychart }), 400, 'invalid provenance file'],
      [get('index.yaml'), 200, holds(mychart)],
    ],
  },
  {
    name: 'TestDisabledServer',
    env: { DISABLE_API: 'true' },
    steps: [
      [get('api/charts'), 404, 'not found'],
      [get('api/charts/mychart'), 404, 'not found'],
      [get('api/charts/mychart/0.1.0'), 404, 'not found'],
      [raw('api/charts', mychart), 404, 'not found'],
      [raw('api/prov', prov), 404, 'not found'],
      [remove('api/charts/mychart/0.1.0'), 404, 'not found'],
      [get('index.yaml'), 200, holds()],
    ],
  },
  {
    name: 'TestDisabledDeleteServer',
    env: { DISABLE_DELETE: 'true' },
    steps: [
      [raw('api/charts', mychart), 201, SAVED],
      [remove('api/charts/mychart/0.1.0'), 404, 'not found'],
      [get('api/charts/mychart'), 200, versions('0.1.0')],
    ],
  },
  {
    name: 'TestOverwriteServer',
    env: { ALLOW_OVERWRITE: 'true' },
    steps: [
      [raw('api/charts', mychart), 201, SAVED],
      [raw('api/charts', await bare('mychart', '0.1.0')), 201, SAVED],
      [get('index.yaml'), 200, holds(await bare('mychart', '0.1.0'))],
      [raw('api/prov', prov), 201, SAVED],
      [raw('api/prov', prov), 201, SAVED],
      [form('api/charts', { chart: mychart, prov }), 201, SAVED],
      [form('api/charts', { chart: mychart, prov }), 201, SAVED],
      [get('index.yaml'), 200, holds(mychart)],
    ],
  },
  {
    name: 'TestForceOverwriteServer',
    env: { ALLOW_OVERWRITE: 'false' },
    steps: [
      [raw('api/charts', mychart), 201, SAVED],
      [raw('api/charts', mychart), 409, 'file already exists'],
      // Its presence counts, whatever its value.
      ...['force', 'force=', 'force=true', 'force=false'].map(
        (query): Step => [raw(`api/charts?${query}`, mychart), 201, SAVED],
      ),
      [raw('api/prov', prov), 201, SAVED],
      [raw('api/prov', prov), 409, 'file already exists'],
      [raw('api/prov?force', prov), 201, SAVED],
      [remove('api/charts/mychart/0.1.0'), 200],
      [form('api/charts', { chart: mychart, prov }), 201, SAVED],
      [form('api/charts', { chart: mychart, prov }), 409, 'chart already exists'],
      [form('api/charts?force', { chart: mychart, prov }), 201, SAVED],
      [get('index.yaml'), 200, holds(mychart)],
    ],
  },
  {
    name: 'TestBadChartUpload',
    steps: [
      [raw('api/charts', evil), 400, `validation: chart.metadata.name "${EVIL}" is invalid`],
      [raw('api/prov', evilProv), 400, `${EVIL}-1.0.0.tgz.prov is improperly formatted`],
      [form('api/charts', { chart: evil, prov: evilProv }), 400],
      [get('index.yaml'), 200, holds()],
    ],
  },
  {
    name: 'TestMaxObjectsServer',
    env: { MAX_STORAGE_OBJECTS: '2', DISABLE_STATEFILES: 'true' },
    steps: [
      [raw('api/charts', mychart), 201, SAVED],
      [raw('api/prov', prov), 201, SAVED],
      [raw('api/charts', mychart), 201, SAVED],
      [raw('api/prov', prov), 201, SAVED],
      [raw('api/charts', other), 507, 'repo has reached storage limit'],
      [raw('api/prov', otherProv), 507, 'repo has reached storage limit'],
      // ChartMuseum takes forms beyond the limit.
      [form('api/charts', { chart: other }), 507, 'repo has reached storage limit'],
      [get('index.yaml'), 200, holds(mychart)],
    ],
  },
  {
    name: 'TestPerChartLimit',
    env: { PER_CHART_LIMIT: '2' },
    steps: [
      [raw('api/charts', service), 201, SAVED],
      [raw('api/charts', mychart001), 201, SAVED],
      [raw('api/charts', mychart020), 201, SAVED],
      [raw('api/charts', mychart), 201, SAVED],
      [get('api/charts/mychart'), 200, versions('0.2.0', '0.1.0')],
      [get('api/charts/mychart/0.0.1'), 404],
      [get('charts/mychart-0.0.1.tgz'), 404, 'object not found'],
      [get('api/charts/mychart-service'), 200, versions('0.0.1')],
    ],
  },
  {
    name: 'TestPerChartLimitWithFormData',
    env: { PER_CHART_LIMIT: '2' },
    steps: [
      [form('api/charts', { chart: service }), 201, SAVED],
      [form('api/charts', { chart: mychart001 }), 201, SAVED],
      [form('api/charts', { chart: mychart, prov }), 201, SAVED],
      [form('api/charts', { chart: mychart020 }), 201, SAVED],
      [get('api/charts/mychart'), 200, versions('0.2.0', '0.1.0')],
      [get('charts/mychart-0.1.0.tgz.prov'), 200, Buffer.from(prov)],
      [get('api/charts/mychart-service'), 200, versions('0.0.1')],
    ],
  },
  {
    name: 'TestMaxUploadSizeServer',
    env: { MAX_UPLOAD_SIZE: '1' },
    steps: [
      [raw('api/charts', mychart), 413],
      [raw('api/prov', prov), 413],
      [form('api/charts', { chart: mychart, prov }), 413],
      [get('index.yaml'), 200, holds()],
    ],
  },
  {
    name: 'TestCustomChartURLServer',
    env: { CHART_URL: 'https://chartmuseum.com/' },
    steps: [
      [raw('api/charts', mychart), 201, SAVED],
      [
        get('index.yaml'),
        200,
        (body) =>
          assert.match(body, /"https:\/\/chartmuseum\.com\/p\/charts\/mychart-0\.1\.0\.tgz"/),
      ],
      [get('charts/mychart-0.1.0.tgz'), 200, mychart],
      // ChartMuseum answers 500 to these with a chart url.
      [get('api/charts/mychart/0.1.0/templates'), 200, undefined, NO_ROUTE],
      [get('api/charts/mychart/0.1.0/values'), 200, undefined, NO_ROUTE],
    ],
  },
  {
    // Not of the Go suite: its acceptance suite splits file names so. ChartMuseum leaves the entry in the index.
    name: 'DELETE goes by file name, however name and version are split',
    steps: [
      [raw('api/charts', mychart2), 201, SAVED],
      [get('api/charts/mychart2-0.1.0-SNAPSHOT/1'), 404, 'no chart name found'],
      [remove('api/charts/mychart2-0.1.0-SNAPSHOT/1'), 200, DELETED, GONE],
      [get('index.yaml'), 200, holds()],
      [get('charts/mychart2-0.1.0-SNAPSHOT-1.tgz'), 404, 'object not found'],
    ],
  },
]

for (const { name, env, faces = FACES.slice(0, 2), steps } of SCENARIOS) {
  for (const face of faces) {
    test(`${name}: ${face} answers as ChartMuseum does`, async (t) => {
      await takeSteps(await openFace(t, face, env), steps)
    })
  }
}

for (const face of FACES.slice(0, 2)) {
  test(`ChartMuseum's load test (spec/chartmuseum.md 6.3): ${face} lists all that was posted`, async (t) => {
    const open = await openFace(t, face)
    const name = 'chartmuseum-loadtest'
    const posted = Array.from({ length: 60 }, (_, i) => `0.0.${i + 1}`)
    // Ten reads for an upload, by users that do not wait for each other.
    const users = Array.from({ length: 10 }, async (_, user) => {
      for (const mine of posted.filter((_, i) => i % 10 === user)) {
        for (let reads = 0; reads < 10; reads++) await takeSteps(open, [[get('index.yaml'), 200]])
        const chart = await bare(name, mine)
        await takeSteps(open, [[form('api/charts', { chart }), 201, SAVED]])
      }
    })
    await Promise.all(users)
    await takeSteps(open, [[get(`api/charts/${name}`), 200, versions(...posted.reverse())]])
  })
}
