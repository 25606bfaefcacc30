import type { ServerResponse } from 'node:http'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Caller } from '../audit/audit-request.ts'
import type { OriginalRequest } from '../http/send-error.ts'
import type { VersionLabels } from '../labels/version-labels.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { summariseCharts } from './chart-list.ts'
import type { ChartStore } from './chart-store.ts'
import { parseChartList, parseChartVersions } from './chart-version.ts'
import type { ChartRequest } from './parse-chart-request.ts'
import { readJson } from './store-answer.ts'
import { forward, forwardDownload } from './store-transfers.ts'
import { readVersionDetails } from './version-details.ts'

const READS = ['index', 'download', 'list', 'versions', 'details'] as const

export type ChartRead = ChartRequest & { kind: (typeof READS)[number] }

export function isChartRead(request: ChartRequest): request is ChartRead {
  return READS.some((kind) => kind === request.kind)
}

/** Answers who may read the project. Rejects with what the client is to be told. */
export type AnswerChartRead = (
  request: ChartRead,
  project: ProjectAccess,
  req: OriginalRequest & Caller,
  res: ServerResponse,
) => Promise<void>

/** What is read of charts again and again, on plain node:http: Express answers by it, and the fast path. */
export function createChartReads(dependencies: {
  store: ChartStore
  auditLog: AuditLog
  versionLabels: VersionLabels
}): AnswerChartRead {
  const { store, versionLabels } = dependencies

  return async (request, project, req, res) => {
    const readStore = async () => readJson(await store.call('GET', request.storePath))
    switch (request.kind) {
      case 'index':
        forward(store, request, req, res)
        return
      case 'download':
        forwardDownload(dependencies, request, project, req, res)
        return
      case 'list':
        sendJson(res, summariseCharts(parseChartList(await readStore())))
        return
      case 'versions': {
        const versions = parseChartVersions(await readStore())
        const labels = await versionLabels.listOfChart(project, request.chart)
        sendJson(
          res,
          versions.map((one) => ({ ...one, labels: labels.get(one.version) ?? [] })),
        )
        return
      }
      case 'details':
        sendJson(res, await readVersionDetails(dependencies, project, request.storePath))
    }
  }
}

function sendJson(res: ServerResponse, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value))
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', body.length)
  res.end(body)
}
