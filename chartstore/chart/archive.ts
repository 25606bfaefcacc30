import {
  type ArchiveBudget,
  type ArchiveLimits,
  createArchiveBudget,
  DEFAULT_LIMITS,
  tooLargeFile,
} from './archive-limits.ts'
import { InvalidChart } from './chart-error.ts'
import { type ChartFiles, createChartFiles, type FileReader } from './chart-files.ts'
import type { ChartMetadata } from './chart-metadata.ts'
import { gunzip } from './gunzip.ts'
import { memberPath } from './member-path.ts'
import { readTarEntries, type TarEntry } from './tar-entries.ts'

export { type ArchiveLimits, DEFAULT_LIMITS }

export interface ChartArchive {
  metadata: ChartMetadata
}

/**
 * Walks a chart package once, as it streams by, and refuses what helm could not load (LoadArchive and LoadFiles of helm
 * v3.21), with helm's texts, and what unpacks beyond the limits. Nothing but Chart.yaml, values.yaml, locks and
 * requirements is held in memory, one at a time.
 *
 * Only `next` of the source's iterator is called. On success the source has been read to its end, also where something
 * follows the archive, so that a hash over it is whole. After a failure nothing more is asked for: whoever owns the
 * source may go on with the same iterator to drain it, or close it.
 *
 * @throws {InvalidChart} or what the source throws
 */
export async function readChartArchive(
  source: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits = DEFAULT_LIMITS,
): Promise<ChartArchive> {
  const bytes = source[Symbol.asyncIterator]()
  const files = createChartFiles()
  const budget = createArchiveBudget(limits)
  await walk(bytes, files, budget, false)
  const metadata = files.finish()
  while ((await bytes.next()).done !== true) {
    // behind the archive
  }
  return { metadata }
}

async function walk(
  source: AsyncIterator<Uint8Array>,
  files: ChartFiles,
  budget: ArchiveBudget,
  isNested: boolean,
): Promise<void> {
  const archive = budget.openArchive(isNested)
  const expanded = gunzip(source, archive.checkExpanded)
  let count = 0
  try {
    for await (const entry of readTarEntries(expanded)) {
      archive.countEntry()
      if (entry.isDirectory) continue
      const path = memberPath(entry.name)
      archive.checkEntry(entry)
      count += 1
      await readEntry(entry, files.accept(path), path, budget)
    }
    await finishGzip(expanded)
  } finally {
    await expanded.return()
  }
  if (count === 0) throw new InvalidChart('no files in chart archive')
}

/**
 * Behind the tar helm reads no further. We do, up to the checksum: a package that was cut short there is refused. What
 * follows the gzip data, if it is not gzip itself, is as little fault here as there.
 */
async function finishGzip(expanded: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const _ of expanded) {
      // padding
    }
  } catch (error) {
    if (!(error instanceof InvalidChart && error.message === 'gzip: invalid header')) throw error
  }
}

async function readEntry(
  entry: TarEntry,
  reader: FileReader | undefined,
  path: string,
  budget: ArchiveBudget,
): Promise<void> {
  if (reader?.kind === 'yaml') {
    await reader.read(await readYaml(entry, path, budget))
  } else if (reader?.kind === 'archive') {
    try {
      await walk(entry.content, reader.files, budget, true)
      reader.settle()
    } catch (error) {
      if (!(error instanceof InvalidChart)) throw error
      reader.settle(error)
    }
  }
}

async function readYaml(entry: TarEntry, path: string, budget: ArchiveBudget): Promise<Buffer> {
  const allowed = budget.yamlBytes(path)
  if (entry.size > allowed) throw tooLargeFile(entry.name, allowed)
  budget.takeYaml(path, entry.size)
  const chunks: Buffer[] = []
  for await (const chunk of entry.content) chunks.push(chunk)
  return Buffer.concat(chunks)
}
