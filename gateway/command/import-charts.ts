import type { Database } from '../db/database.ts'
import type { HarborData } from '../harbor/harbor-database.ts'
import { createImportRecords } from '../harbor/import-records.ts'
import { importKey, type OurRecords } from '../harbor/our-records.ts'
import type { Remarks } from '../harbor/remark.ts'
import { createCopy, openChartFiles, openOtherChartFiles } from './chart-files.ts'
import type { CommandContext } from './context.ts'
import { createProgressBar } from './progress-bar.ts'
import { findRunningStore, reachStore } from './reach-store.ts'
import { rebuildStoredIndex } from './stored-index.ts'
import { verifyProjects } from './verify-projects.ts'

export interface ChartsReport {
  from: string
  to: string
  new: number
  /** Of the new ones, provenance included. */
  bytes: number
  kept: number
  known: number
  leftOut: number
}

/** What the database part of an import leaves to the charts. */
export interface ChartsTask {
  /** Whose charts may come. */
  projects: readonly string[]
  harbor: HarborData
  imported: OurRecords['imported']
  db: Database
  remarks: Remarks
}

/** To be run when the projects are there. What it needs has been opened before, so that a mistake is told first. */
export type ImportCharts = (task: ChartsTask) => Promise<ChartsReport>

/** Copies the charts of a Harbor's storage into ours, and writes each down as it arrives. @throws {StartError} */
export async function prepareCopying(
  context: CommandContext,
  path: string,
  isDry: boolean,
): Promise<ImportCharts> {
  const { config, env, log, checkInterrupted, closeLater } = context
  const own = await openChartFiles(config, env, log)
  const other = await openOtherChartFiles(path, own, log)
  const copy = await createCopy(other, own, isDry, log)
  const running = await findRunningStore(context)

  /** A store that runs learns of what came beside it: in a bucket it would only look after CACHE_INTERVAL. */
  const tellStore = async (project: string) => {
    if (running === undefined) return
    await rebuildStoredIndex(running.store, project).catch((error: unknown) =>
      log.warn({ err: error, project }, 'the chart store was not told: it will see by itself'),
    )
  }

  return async ({ projects, harbor, imported, db, remarks }) => {
    const records = createImportRecords(db)
    const report = emptyReport(other.name, own.name)
    const bar = createProgressBar('packages')
    closeLater(async () => bar.stop())
    for (const project of projects) {
      const keyOf = (fileName: string) => `${project}/${fileName}`
      const copied = await copy({
        project,
        isKnown: (fileName) => imported.has(importKey('chart', keyOf(fileName))),
        onFound: bar.expect,
        onRead: () => {
          bar.step()
          checkInterrupted()
        },
        onCopied: (fileName) =>
          records.note(harbor.source, [{ kind: 'chart', key: keyOf(fileName), id: null }]),
      })
      for (const { kind, fileName, message } of copied.remarks) {
        if (kind !== 'lone-provenance') report.leftOut++
        remarks.add(kind === 'different' ? 'conflict' : 'problem', keyOf(fileName), message)
      }
      report.new += copied.copied
      report.bytes += copied.bytes
      report.kept += copied.same
      report.known += copied.known
      if (copied.copied > 0 && !isDry) await tellStore(project)
    }
    bar.stop()
    remarkStrays(await other.listProjects?.(), harbor, remarks)
    return report
  }
}

/** Folders that belong to no project: nobody could say who may read them. */
function remarkStrays(
  folders: readonly string[] = [],
  { projects }: HarborData,
  remarks: Remarks,
): void {
  const known = new Set(projects.filter(({ deleted }) => !deleted).map(({ name }) => name))
  for (const folder of folders.filter((name) => !known.has(name))) {
    remarks.add('problem', `${folder}/`, 'a folder of no project in Harbor: not copied')
  }
}

/** Charts that stay where they are: they are read and compared with the index. @throws {StartError} */
export async function prepareChecking(context: CommandContext): Promise<ImportCharts> {
  const { config, env, log } = context
  const own = await openChartFiles(config, env, log)
  const reached = await reachStore(context)
  return async ({ projects, remarks }) => {
    const { packages, findings } = await verifyProjects(context, own, reached, projects)
    for (const { project, fileName, message } of findings) {
      remarks.add('problem', `${project}/${fileName}`, message)
    }
    return { ...emptyReport(own.name, own.name), kept: packages }
  }
}

function emptyReport(from: string, to: string): ChartsReport {
  return { from, to, new: 0, bytes: 0, kept: 0, known: 0, leftOut: 0 }
}
