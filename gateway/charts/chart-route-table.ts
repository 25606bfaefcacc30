import type { ProjectPermission } from '../access/permissions.ts'

export type ChartRouteKind =
  | 'merged-index'
  | 'health'
  | 'index'
  | 'download'
  | 'list'
  | 'upload'
  | 'upload-provenance'
  | 'versions'
  | 'delete-chart'
  | 'details'
  | 'delete-version'
  | 'labels'
  | 'add-label'
  | 'remove-label'

export interface ChartRoute {
  kind: ChartRouteKind
  methods: readonly string[]
  path: readonly string[]
  /** undefined where the route is not about one project. */
  permission: ProjectPermission | undefined
  /** Where the store has it. */
  storePath: readonly string[]
  /** The query parameters that go on. */
  query?: readonly string[]
  /** Harbor takes uploads without a project for `library`. */
  isDefaultProject?: true
}

const READ = ['GET', 'HEAD'] as const

/**
 * The chart API at Harbor 1.6-2.7's paths (spec/harbor.md 1.1; the numbers are its rows), with HEAD added.
 * Projects may be called `api`, `charts`, `health` or `index.yaml`: where two rows fit one path, their methods differ.
 */
export const CHART_ROUTES: readonly ChartRoute[] = [
  // 1
  {
    kind: 'index',
    methods: READ,
    path: ['chartrepo', ':project', 'index.yaml'],
    permission: 'helm-chart:read',
    storePath: [':project', 'index.yaml'],
  },
  // 2: each caller sees what they may read
  {
    kind: 'merged-index',
    methods: READ,
    path: ['chartrepo', 'index.yaml'],
    permission: undefined,
    storePath: [],
  },
  // 3
  {
    kind: 'download',
    methods: READ,
    path: ['chartrepo', ':project', 'charts', ':fileName'],
    permission: 'helm-chart:read',
    storePath: [':project', 'charts', ':fileName'],
  },
  // 4: system admins only
  {
    kind: 'health',
    methods: ['GET'],
    path: ['api', 'chartrepo', 'health'],
    permission: undefined,
    storePath: ['health'],
  },
  // 5
  {
    kind: 'list',
    methods: ['GET'],
    path: ['api', 'chartrepo', ':project', 'charts'],
    permission: 'helm-chart:list',
    storePath: ['api', ':project', 'charts'],
  },
  // 6
  {
    kind: 'upload',
    methods: ['POST'],
    path: ['api', 'chartrepo', ':project', 'charts'],
    permission: 'helm-chart-version:create',
    storePath: ['api', ':project', 'charts'],
    query: ['force'],
  },
  // 6 for cm-push with `--context-path /chartrepo` (spec/chartmuseum.md 5.2)
  {
    kind: 'upload',
    methods: ['POST'],
    path: ['chartrepo', 'api', ':project', 'charts'],
    permission: 'helm-chart-version:create',
    storePath: ['api', ':project', 'charts'],
    query: ['force'],
  },
  // 7
  {
    kind: 'versions',
    methods: ['GET'],
    path: ['api', 'chartrepo', ':project', 'charts', ':chart'],
    permission: 'helm-chart-version:list',
    storePath: ['api', ':project', 'charts', ':chart'],
  },
  // 8
  {
    kind: 'delete-chart',
    methods: ['DELETE'],
    path: ['api', 'chartrepo', ':project', 'charts', ':chart'],
    permission: 'helm-chart:delete',
    storePath: ['api', ':project', 'charts', ':chart'],
  },
  // 9
  {
    kind: 'details',
    methods: ['GET'],
    path: ['api', 'chartrepo', ':project', 'charts', ':chart', ':version'],
    permission: 'helm-chart-version:read',
    storePath: ['api', ':project', 'charts', ':chart', ':version'],
  },
  // 10
  {
    kind: 'delete-version',
    methods: ['DELETE'],
    path: ['api', 'chartrepo', ':project', 'charts', ':chart', ':version'],
    permission: 'helm-chart-version:delete',
    storePath: ['api', ':project', 'charts', ':chart', ':version'],
  },
  // 11
  {
    kind: 'upload-provenance',
    methods: ['POST'],
    path: ['api', 'chartrepo', ':project', 'prov'],
    permission: 'helm-chart:create',
    storePath: ['api', ':project', 'prov'],
    query: ['force'],
  },
  // 12
  {
    kind: 'upload',
    methods: ['POST'],
    path: ['api', 'chartrepo', 'charts'],
    permission: 'helm-chart-version:create',
    storePath: ['api', ':project', 'charts'],
    query: ['force'],
    isDefaultProject: true,
  },
  ...labelRoutes(['api', 'chartrepo']),
  // Harbor 2 moved these, and no others
  ...labelRoutes(['api', 'v2.0', 'chartrepo']),
]

/** 13-15: the store is asked whether there is such a version. */
function labelRoutes(root: readonly string[]): ChartRoute[] {
  const path = [...root, ':project', 'charts', ':chart', ':version', 'labels']
  const storePath = ['api', ':project', 'charts', ':chart', ':version']
  return [
    {
      kind: 'labels',
      methods: ['GET'],
      path,
      permission: 'helm-chart-version-label:list',
      storePath,
    },
    {
      kind: 'add-label',
      methods: ['POST'],
      path,
      permission: 'helm-chart-version-label:create',
      storePath,
    },
    {
      kind: 'remove-label',
      methods: ['DELETE'],
      path: [...path, ':label'],
      permission: 'helm-chart-version-label:delete',
      storePath,
    },
  ]
}
