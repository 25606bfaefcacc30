import type { Request, RequestHandler, Response } from 'express'
import { countBytes } from '../../service/bytes.ts'
import { matchesEtag, toGzipTag } from '../../service/etag.ts'
import type { Logger } from '../../service/log.ts'
import { writeParts } from '../../service/write-parts.ts'
import type { Authoriser } from '../access/authorise.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { describeRequest } from '../audit/audit-request.ts'
import type { Principal } from '../auth/principal.ts'
import { NotFound } from '../http/errors.ts'
import type { VersionLabels } from '../labels/version-labels.ts'
import type { ReadUploadTerms } from '../projects/upload-terms.ts'
import { requireWritable } from '../settings/read-only.ts'
import type { LiveSettings } from '../settings/settings.ts'
import { type ChartReads, isChartRead } from './chart-reads.ts'
import type { ChartStore } from './chart-store.ts'
import { createMergedIndex, type MergedIndex } from './merged-index.ts'
import { type ChartRequest, parseChartRequest } from './parse-chart-request.ts'
import { forward, forwardUpload } from './store-transfers.ts'
import { deleteChart, deleteVersion } from './version-deletion.ts'
import { addVersionLabel, listVersionLabels, removeVersionLabel } from './version-label-requests.ts'

export interface ChartRouteDependencies {
  store: ChartStore
  authoriser: Authoriser
  auditLog: AuditLog
  settings: Pick<LiveSettings, 'read'>
  versionLabels: VersionLabels
  readUploadTerms: ReadUploadTerms
  readCharts: ChartReads['answer']
  /** The principal of a request that has taken long, as it is now. */
  refresh: (principal: Principal) => Promise<Principal>
  log: Logger
}

/** Every chart route: parse, authorise, and then either pass the request on or answer from what the store says. */
export function createChartRoutes(dependencies: ChartRouteDependencies): RequestHandler {
  const { store, authoriser, log } = dependencies
  const readMergedIndex = createMergedIndex(store, log)

  return async (req, res, next) => {
    const request = parseChartRequest(req.method, req.url)
    if (request === undefined) {
      next()
      return
    }
    if (request.kind === 'merged-index') {
      const projects = await authoriser.listReadable(req.principal)
      sendMergedIndex(await readMergedIndex(projects, req.headers), req, res)
    } else if (request.permission === undefined) {
      authoriser.requireSystemAdmin(req.principal)
      forward(store, request, req, res)
    } else {
      await answerInProject(dependencies, request, request.permission, req, res)
    }
  }
}

async function answerInProject(
  dependencies: ChartRouteDependencies,
  request: ChartRequest,
  permission: NonNullable<ChartRequest['permission']>,
  req: Request,
  res: Response,
): Promise<void> {
  const { store, authoriser } = dependencies
  const { principal } = req
  const denial = principal.kind === 'anonymous' ? undefined : principal.name
  const reference = { name: request.project }
  const project = await authoriser.requireProject(principal, permission, reference, denial)
  if (isChartRead(request)) return dependencies.readCharts(request, project, req, res)

  switch (request.kind) {
    case 'upload':
    case 'upload-provenance':
      forwardUpload(dependencies, request, project, req, res, {
        terms: await dependencies.readUploadTerms(project.id),
        // rights may have ended while it was on its way
        confirm: async () => {
          await requireWritable(dependencies.settings)
          const now = await dependencies.refresh(principal)
          const { id } = await authoriser.requireProject(now, permission, reference, denial)
          // Another project has its name by now.
          if (id !== project.id) throw new NotFound(`project ${project.name} not found`)
        },
      })
      return
    case 'delete-version':
      await deleteVersion(dependencies, describeRequest(req, project, 'delete'), request)
      res.end()
      return
    case 'delete-chart':
      await deleteChart(dependencies, describeRequest(req, project, 'delete'), request)
      res.end()
      return
    case 'labels':
      res.json(await listVersionLabels(dependencies, request, project))
      return
    case 'add-label':
      await addVersionLabel(dependencies, request, project, req, res)
      return
    case 'remove-label':
      await removeVersionLabel(dependencies, request, project)
      res.end()
      return
    default:
      forward(store, request, req, res)
  }
}

function sendMergedIndex(index: MergedIndex, req: Request, res: Response): void {
  const { encoding, etag } = index
  const gzipTag = toGzipTag(etag)
  res.setHeader('ETag', encoding === 'gzip' ? gzipTag : etag)
  // What one may read another may not.
  res.vary('Authorization, Cookie, Accept-Encoding')
  res.setHeader('Cache-Control', 'private, no-cache')
  if (matchesEtag(req.headers['if-none-match'], etag, gzipTag)) {
    res.status(304).end()
    return
  }
  const bytes = index.bytes()
  res.setHeader('Content-Type', 'application/x-yaml')
  res.setHeader('Content-Length', countBytes(bytes))
  if (encoding === 'gzip') res.setHeader('Content-Encoding', encoding)
  if (req.method === 'HEAD') res.end()
  else void writeParts(res, req.socket, bytes)
}
