import type { Request, Response } from 'express'
import type { AuditLog } from '../audit/audit-log.ts'
import { auditAnswer, describeRequest } from '../audit/audit-request.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import type { ChartStore, UploadGuard } from './chart-store.ts'
import { parsePackageName } from './package-name.ts'
import type { ChartRequest } from './parse-chart-request.ts'
import { takeUploadedChart } from './uploaded-chart.ts'

/** Passes a request on to the store under the path that was authorised, and its answer back. */
export function forward(
  store: ChartStore,
  request: ChartRequest,
  req: Request,
  res: Response,
  upload?: UploadGuard,
): void {
  req.url = request.storePath
  store.forward(req, res, upload)
}

/** Packages fetched are audited; what was only asked about (HEAD, 304, provenance) is not. */
export function forwardDownload(
  { store, auditLog }: { store: ChartStore; auditLog: AuditLog },
  request: ChartRequest,
  project: ProjectAccess,
  req: Request,
  res: Response,
): void {
  if (req.method === 'GET' && request.fileName.endsWith('.tgz')) {
    const subject = parsePackageName(request.fileName) ?? { chart: request.fileName, version: '' }
    const entry = describeRequest(req, project, 'pull')
    auditAnswer(auditLog, res, entry, (status) => (status === 304 ? undefined : subject))
  }
  forward(store, request, req, res)
}

/** The store says what chart it was: the package goes through unread. */
export function forwardUpload(
  { store, auditLog }: { store: ChartStore; auditLog: AuditLog },
  request: ChartRequest,
  project: ProjectAccess,
  req: Request,
  res: Response,
  upload: UploadGuard,
): void {
  const readUploaded = takeUploadedChart(res)
  auditAnswer(auditLog, res, describeRequest(req, project, 'create'), readUploaded)
  forward(store, request, req, res, upload)
}
