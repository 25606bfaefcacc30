import type { ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import { countLimit } from '../../service/count-limit.ts'
import type { Outcome } from '../../service/outcome.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { auditAnswer, type Caller, describeRequest } from '../audit/audit-request.ts'
import type { OriginalRequest } from '../http/send-error.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import type { ChartStore, UploadGuard } from './chart-store.ts'
import { type PackageName, parsePackageName } from './package-name.ts'
import type { ChartRequest } from './parse-chart-request.ts'
import { takeUploadedChart } from './uploaded-chart.ts'

/** Passes a request on to the store under the path that was authorised, and its answer back. */
export function forward(
  store: ChartStore,
  request: ChartRequest,
  req: OriginalRequest,
  res: ServerResponse,
  upload?: UploadGuard,
): void {
  req.url = request.storePath
  store.forward(req, res, upload)
}

/** Packages fetched are audited; what was only asked about (HEAD, 304, provenance) is not. */
export function auditDownload(
  auditLog: AuditLog,
  request: ChartRequest,
  project: ProjectAccess,
  req: Pick<OriginalRequest, 'method'> & Caller,
  outcome: Outcome,
): void {
  if (req.method !== 'GET' || !request.fileName.endsWith('.tgz')) return
  const subject = subjects.memo(request.fileName)
  const entry = describeRequest(req, project, 'pull')
  auditAnswer(auditLog, outcome, entry, (status) => (status === 304 ? undefined : subject))
}

/** Reading a version costs more than all else that is done here for a small package, and the same ones are fetched. */
const subjects = new LRUCache<string, PackageName>({
  ...countLimit(10_000),
  memoMethod: (fileName) => parsePackageName(fileName) ?? { chart: fileName, version: '' },
})

/** The store says what chart it was: the package goes through unread. */
export function forwardUpload(
  { store, auditLog }: { store: ChartStore; auditLog: AuditLog },
  request: ChartRequest,
  project: ProjectAccess,
  req: OriginalRequest & Caller,
  res: ServerResponse,
  upload: UploadGuard,
): void {
  const readUploaded = takeUploadedChart(res)
  auditAnswer(auditLog, res, describeRequest(req, project, 'create'), readUploaded)
  forward(store, request, req, res, upload)
}
