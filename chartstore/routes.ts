import { runOnce } from '../service/coalesce.ts'
import { createChartsHandlers } from './charts/charts.ts'
import { createDeleteHandler } from './charts/delete.ts'
import { createDownloadHandlers } from './charts/download.ts'
import type { HandlerDeps } from './charts/handler-deps.ts'
import { createIndexFileHandlers } from './charts/index-file.ts'
import { createReindexHandler } from './charts/reindex.ts'
import { createStatsHandlers, listAsked } from './charts/stats.ts'
import type { Answer } from './http/answer.ts'
import { json, welcome } from './http/replies.ts'
import type { Route } from './http/router.ts'
import type { Metrics } from './metrics/metrics.ts'
import { createUploadsUnderWay } from './upload/uploads-under-way.ts'
import { createArtifactHubHandler } from './web/artifact-hub.ts'

/** A store that starts has an index to answer first: what reads packages is loaded when it is asked for, or by `loadRoutes`. */
const loadContents = () => import('./charts/contents.ts')
const loadUpload = () => import('./charts/upload.ts')

/** Has all in memory that the routes need. */
export async function loadRoutes(): Promise<void> {
  await loadUpload()
  await loadContents()
}

/**
 * ChartMuseum's API at depth 1 (spec/chartmuseum.md 1.2-1.4). The first match counts. Unlike ChartMuseum the welcome
 * page is at `/` alone: `/index.yaml` or `/healthz` answering HTML misled people (helm/chartmuseum#354).
 */
export function createRoutes(deps: HandlerDeps): Route[] {
  const { policy } = deps
  const charts = createChartsHandlers(deps)
  const index = createIndexFileHandlers(deps)
  const uploads = createUploadsUnderWay(deps.siblings)
  const contents = runOnce(async () => (await loadContents()).createContentsHandlers(deps))
  const upload = runOnce(async () =>
    (await loadUpload()).createUploadHandlers({ ...deps, uploads }),
  )
  const stats = createStatsHandlers({ ...deps, uploads })
  const healthy = () => json({ healthy: true })
  const info = () => json({ version: deps.version })

  const server: Route[] = [
    { method: 'GET', path: '/', action: 'pull', handler: deps.web?.welcome ?? welcome },
    { method: 'GET', path: '/health', action: 'none', handler: healthy },
    { method: 'GET', path: '/info', action: 'none', handler: info },
  ]
  const api: Route[] = [
    { method: 'GET', path: '/api/:repo/charts', action: 'pull', ...charts.list },
    {
      method: 'POST',
      path: '/api/:repo/charts',
      action: 'push',
      handler: async (context) => (await upload()).chart(context),
    },
    {
      method: 'POST',
      path: '/api/:repo/prov',
      action: 'push',
      handler: async (context) => (await upload()).provenance(context),
    },
    { method: 'GET', path: '/api/:repo/_problems', action: 'push', handler: charts.problems },
    { method: 'GET', path: '/api/_stats', action: 'pull', repos: listAsked, handler: stats.many },
    { method: 'GET', path: '/api/:repo/_stats', action: 'pull', handler: stats.one },
    { method: 'GET', path: '/api/:repo/_check', action: 'push', handler: stats.check },
    {
      method: 'POST',
      path: '/api/:repo/_reindex',
      action: 'push',
      handler: createReindexHandler(deps),
    },
    { method: 'GET', path: '/api/:repo/charts/:name', action: 'pull', ...charts.versions },
    {
      method: 'GET',
      path: '/api/:repo/charts/:name/:version',
      action: 'pull',
      ...charts.version,
    },
    {
      method: 'GET',
      path: '/api/:repo/charts/:name/:version/templates',
      action: 'pull',
      handler: async (context) => (await contents()).templates(context),
    },
    {
      method: 'GET',
      path: '/api/:repo/charts/:name/:version/values',
      action: 'pull',
      handler: async (context) => (await contents()).values(context),
    },
  ]
  const removal: Route[] = [
    {
      method: 'DELETE',
      path: '/api/:repo/charts/:name/:version',
      action: 'push',
      handler: createDeleteHandler(deps),
    },
  ]
  const repository: Route[] = [
    {
      method: 'GET',
      path: '/:repo/index.yaml',
      action: 'pull',
      ...index.file,
    },
    { method: 'GET', path: '/:repo/nested-entries', action: 'pull', ...index.nestedEntries },
    {
      method: 'GET',
      path: '/:repo/charts/:filename',
      action: 'pull',
      ...createDownloadHandlers(deps),
    },
    { method: 'GET', path: '/:repo/health', action: 'none', handler: healthy },
    { method: 'GET', path: '/:repo/info', action: 'none', handler: info },
  ]
  const metrics: Route[] =
    deps.metrics === undefined
      ? []
      : [
          {
            method: 'GET',
            path: '/metrics',
            action: 'none',
            isOutside: true,
            handler: sendMetrics(deps.metrics),
          },
        ]
  const hub: Route[] =
    policy.artifactHubIds.size === 0
      ? []
      : [
          {
            method: 'GET',
            path: '/:repo/artifacthub-repo.yml',
            action: 'pull',
            handler: createArtifactHubHandler(policy.artifactHubIds),
          },
        ]
  const pages: Route[] =
    deps.web === undefined
      ? []
      : [{ method: 'GET', path: '/static/*', action: 'pull', handler: deps.web.file }]
  return [
    ...metrics,
    ...pages,
    ...server,
    ...(policy.isApiOn ? api : []),
    ...(policy.isApiOn && policy.isDeleteOn ? removal : []),
    ...hub,
    ...repository,
  ]
}

function sendMetrics(metrics: Metrics) {
  return async (): Promise<Answer> => ({
    status: 200,
    headers: { 'content-type': metrics.contentType },
    body: await metrics.text(),
  })
}
