import type { ServerResponse } from 'node:http'
import type { Outcome } from '../../service/outcome.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Caller } from '../audit/audit-request.ts'
import { readyJson, sendJson } from '../http/json-answer.ts'
import type { OriginalRequest } from '../http/send-error.ts'
import type { ReadyAnswer } from '../http/send-ready.ts'
import { selectStoreHeaders } from '../http/store-headers.ts'
import type { VersionLabels } from '../labels/version-labels.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { toChartList } from './chart-list.ts'
import type { ChartStore } from './chart-store.ts'
import type { ChartRequest } from './parse-chart-request.ts'
import { auditDownload, forward } from './store-transfers.ts'
import { createVersionDetails } from './version-details.ts'
import { createVersionLists } from './version-lists.ts'

const READS = ['index', 'download', 'list', 'versions', 'details'] as const

export type ChartRead = ChartRequest & { kind: (typeof READS)[number] }

export function isChartRead(request: ChartRequest): request is ChartRead {
  return READS.some((kind) => kind === request.kind)
}

export interface ChartReads {
  /** Answers who may read the project. Rejects with what the client is to be told. */
  answer: (
    request: ChartRead,
    project: ProjectAccess,
    req: OriginalRequest & Caller,
    res: ServerResponse,
  ) => Promise<void>
  /** The answer to a GET, where it is in memory and known at once to be right. */
  peek: (
    request: ChartRead,
    project: ProjectAccess,
    asked: Pick<OriginalRequest, 'headers'>,
  ) => ReadyAnswer | undefined
  /** Records what is answered, as far as that is audited: of `answer` it is done. */
  record: (
    request: ChartRead,
    project: ProjectAccess,
    asked: Pick<OriginalRequest, 'method'> & Caller,
    outcome: Outcome,
  ) => void
}

/** What is read of charts again and again, on plain node:http: Express answers by it, and the fast path. */
export function createChartReads(dependencies: {
  store: ChartStore
  auditLog: AuditLog
  versionLabels: VersionLabels
}): ChartReads {
  const { store, auditLog, versionLabels } = dependencies
  const versionLists = createVersionLists(store)
  const readDetails = createVersionDetails(store)

  const peek: ChartReads['peek'] = (request, project, { headers }) => {
    switch (request.kind) {
      case 'index':
      case 'download':
        return store.peek(request.storePath, selectStoreHeaders(headers))
      case 'list': {
        const list = store.peek(summariesPath(request), {})
        return list && readyJson(toChartList(list))
      }
      case 'versions': {
        const versions = versionLists.peek(request.storePath)
        const labels = versions && versionLabels.peekOfChart(project, request.chart)
        return labels && readyJson(versions.write(labels))
      }
      case 'details':
        return undefined
    }
  }

  const record: ChartReads['record'] = (request, project, asked, outcome) => {
    if (request.kind === 'download') auditDownload(auditLog, request, project, asked, outcome)
  }

  const answer: ChartReads['answer'] = async (request, project, req, res) => {
    record(request, project, req, res)
    switch (request.kind) {
      case 'download':
      case 'index':
        forward(store, request, req, res)
        return
      case 'list':
        sendJson(res, toChartList(await store.read(summariesPath(request), {})))
        return
      case 'versions': {
        const { write } = await versionLists.read(request.storePath)
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

  return { answer, peek, record }
}

/** Our store sums the charts up; a ChartMuseum does not know the word, and answers all versions. */
function summariesPath({ storePath }: ChartRead): string {
  return `${storePath}?summaries`
}
