import type { ServerResponse } from 'node:http'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Caller } from '../audit/audit-request.ts'
import { sendJson, toJson } from '../http/json-answer.ts'
import type { OriginalRequest } from '../http/send-error.ts'
import type { ChartLabels, VersionLabels } from '../labels/version-labels.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { summariseCharts } from './chart-list.ts'
import type { ChartStore } from './chart-store.ts'
import { type ChartVersion, parseChartList, parseChartVersions } from './chart-version.ts'
import { createKeptAnswers } from './kept-answers.ts'
import type { ChartRequest } from './parse-chart-request.ts'
import { rememberLast } from './remember-last.ts'
import { forward, forwardDownload } from './store-transfers.ts'
import { createVersionDetails } from './version-details.ts'

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
  const readList = createKeptAnswers(store, (json) => {
    const body = toJson(summariseCharts(parseChartList(json)))
    return { body, size: body.length }
  })
  const readVersions = createKeptAnswers(store, (json, { bytes }) => {
    const versions = parseChartVersions(json)
    const write = rememberLast((labels: ChartLabels) => toJson(addLabels(versions, labels)))
    // parsed and written
    return { write, size: 4 * bytes }
  })
  const readDetails = createVersionDetails(store)

  return async (request, project, req, res) => {
    switch (request.kind) {
      case 'index':
        forward(store, request, req, res)
        return
      case 'download':
        forwardDownload(dependencies, request, project, req, res)
        return
      case 'list':
        sendJson(res, (await readList(request.storePath)).body)
        return
      case 'versions': {
        const { write } = await readVersions(request.storePath)
        sendJson(res, write(await versionLabels.listOfChart(project, request.chart)))
        return
      }
      case 'details': {
        const details = await readDetails(request.storePath)
        const [isSigned, labels] = await Promise.all([
          details.isSigned(),
          versionLabels.listOfChart(project, details.chart),
        ])
        sendJson(res, details.write(isSigned, labels))
      }
    }
  }
}

function addLabels(versions: readonly ChartVersion[], labels: ChartLabels) {
  return versions.map((one) => ({ ...one, labels: labels.get(one.version) ?? [] }))
}
