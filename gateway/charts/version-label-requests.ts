import type { Request, Response } from 'express'
import { z } from 'zod'
import { askForBody } from '../http/ask-for-body.ts'
import { BadRequest, NotFound } from '../http/errors.ts'
import { readJsonBody } from '../http/json-body.ts'
import type { FullLabelModel } from '../labels/describe-label.ts'
import type { VersionLabels } from '../labels/version-labels.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import type { ChartStore } from './chart-store.ts'
import { parseChartVersion } from './chart-version.ts'
import type { ChartRequest } from './parse-chart-request.ts'
import { readJson } from './store-answer.ts'

interface LabelDependencies {
  store: ChartStore
  versionLabels: VersionLabels
}

export const labelReferenceBody = z.object({ id: z.int() }).meta({ id: 'LabelReference' })

export async function listVersionLabels(
  { store, versionLabels }: LabelDependencies,
  request: ChartRequest,
  project: ProjectAccess,
): Promise<readonly FullLabelModel[]> {
  await requireVersion(store, request)
  return versionLabels.listOfVersion(project, request)
}

/** Answers with nothing, and a Location: of the label on the version, as in Harbor, though that cannot be fetched. */
export async function addVersionLabel(
  { store, versionLabels }: LabelDependencies,
  request: ChartRequest,
  project: ProjectAccess,
  req: Request,
  res: Response,
): Promise<void> {
  await requireVersion(store, request)
  askForBody(req, res)
  const { id } = await readJsonBody(req, labelReferenceBody)
  await versionLabels.attach(project, request, id)
  try {
    // deleted meanwhile: who uploads it again is not to find labels on it
    await requireVersion(store, request)
  } catch (error) {
    await versionLabels.detach(project, request, id)
    throw error
  }
  const path = req.path.replaceAll(/\/{2,}/g, '/').replace(/\/$/, '')
  res.setHeader('Location', `${path}/${id}`)
  res.end()
}

/** Harbor answered 200 for a label that there is not: its own error was lost (spec/harbor.md 1.8). */
export async function removeVersionLabel(
  { store, versionLabels }: LabelDependencies,
  request: ChartRequest,
  project: ProjectAccess,
): Promise<void> {
  await requireVersion(store, request)
  if (!/^\d{1,15}$/.test(request.label)) throw new BadRequest('the id of a label is a number')
  await versionLabels.detach(project, request, Number(request.label))
}

/** @throws {NotFound} unless there is this very version: the store takes `latest` and `^1` as well, labels do not. */
async function requireVersion(
  store: ChartStore,
  { chart, version, storePath }: ChartRequest,
): Promise<void> {
  const found = parseChartVersion(await readJson(await store.call('GET', storePath)))
  if (found.version === version) return
  throw new NotFound(`no chart version found for ${chart}-${version}`)
}
