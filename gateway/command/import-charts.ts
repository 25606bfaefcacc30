import type { Database } from '../db/database.ts'
import type { HarborData } from '../harbor/harbor-database.ts'
import { createImportRecords } from '../harbor/import-records.ts'
import { importKey, type OurRecords } from '../harbor/our-records.ts'
import type { Remarks } from '../harbor/remark.ts'
import { createCopy, openChartFiles, openOtherChartFiles, verifyFiles } from './chart-files.ts'
import type { CommandContext } from './context.ts'
import { createProgressBar } from './progress-bar.ts'
import { findRunningStore, reachStore } from './reach-store.ts'
import { readStoredIndex, rebuildStoredIndex } from './stored-index.ts'

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

interface Places {
  /** Whose charts may come. */
  projects: readonly string[]
  harbor: HarborData
  imported: OurRecords['imported']
  db: Database
  isDry: boolean
  remarks: Remarks
}

/** Copies the charts of a Harbor's storage into ours, and writes each down as it arrives. */
export async function importCharts(
  context: CommandContext,
  path: string,
  { projects, harbor, imported, db, isDry, remarks }: Places,
): Promise<ChartsReport> {
  const { config, env, log, checkInterrupted, closeLater } = context
  const own = await openChartFiles(config, env, log)
  const other = await openOtherChartFiles(path, own, log)
  const copy = await createCopy(other, own, isDry, log)
  const records = createImportRecords(db)
  const bar = createProgressBar('packages')
  closeLater(async () => bar.stop())
  const report = { from: other.name, to: own.name, new: 0, bytes: 0, kept: 0, known: 0, leftOut: 0 }

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
    if (copied.copied > 0 && !isDry) await tellStore(context, project)
  }
  bar.stop()
  await remarkStrays(await other.listProjects?.(), harbor, remarks)
  return report
}

/** A store that runs learns of what came beside it: in a bucket it would only look after CACHE_INTERVAL. */
async function tellStore(context: CommandContext, project: string): Promise<void> {
  const running = await findRunningStore(context)
  if (running === undefined) return
  await rebuildStoredIndex(running.store, project).catch((error: unknown) =>
    context.log.warn(
      { err: error, project },
      'the chart store was not told: it will see by itself',
    ),
  )
}

/** Folders that belong to no project: nobody could say who may read them. */
async function remarkStrays(
  folders: readonly string[] = [],
  { projects }: HarborData,
  remarks: Remarks,
): Promise<void> {
  const known = new Set(projects.filter(({ deleted }) => !deleted).map(({ name }) => name))
  for (const folder of folders.filter((name) => !known.has(name))) {
    remarks.add('problem', `${folder}/`, 'a folder of no project in Harbor: not copied')
  }
}

/** Charts that stay where they are: they are read and compared with the index. */
export async function verifyCharts(
  context: CommandContext,
  { projects, remarks }: Places,
): Promise<ChartsReport> {
  const { config, env, log, checkInterrupted, closeLater } = context
  const own = await openChartFiles(config, env, log)
  const { store } = await reachStore(context)
  const bar = createProgressBar('packages')
  closeLater(async () => bar.stop())
  const report = { from: own.name, to: own.name, new: 0, bytes: 0, kept: 0, known: 0, leftOut: 0 }
  for (const project of projects) {
    const { packages, findings } = await verifyFiles(own, {
      project,
      readIndex: () => readStoredIndex(store, project),
      onFound: bar.expect,
      onRead: () => {
        bar.step()
        checkInterrupted()
      },
    })
    for (const { fileName, message } of findings) {
      remarks.add('problem', `${project}/${fileName}`, message)
    }
    report.kept += packages
  }
  bar.stop()
  return report
}
