import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type ArchiveBudget,
  type ArchiveLimits,
  createArchiveBudget,
  DEFAULT_LIMITS,
  tooLargeFile,
} from './archive-limits.ts'
import { type ByteSource, readAll, streamOf, WholeSource } from './byte-reader.ts'
import { InvalidChart } from './chart-error.ts'
import { type ChartFiles, createChartFiles, type FileReader } from './chart-files.ts'
import type { ChartMetadata } from './chart-metadata.ts'
import { Gunzip } from './gunzip.ts'
import { memberPath } from './member-path.ts'
import { TarEntries, type TarEntry } from './tar-entries.ts'
import { finish, type Work, wait } from './work.ts'
import { findYamlFault } from './yaml-fault.ts'

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
export function readChartArchive(
  source: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits = DEFAULT_LIMITS,
): Promise<ChartArchive> {
  return finish(walkChart(streamOf(source[Symbol.asyncIterator]()), limits))
}

/** The same for a package that is in memory. */
export function readWholeArchive(bytes: Buffer, limits: ArchiveLimits): Promise<ChartArchive> {
  return finish(walkChart(new WholeSource(bytes), limits))
}

function* walkChart(source: ByteSource, limits: ArchiveLimits): Work<ChartArchive> {
  const files = createChartFiles()
  yield* walk(source, files, createArchiveBudget(limits), false)
  const metadata = files.finish()
  while ((yield* source.next()) !== undefined) {
    // behind the archive
  }
  return { metadata }
}

function* walk(
  source: ByteSource,
  files: ChartFiles,
  budget: ArchiveBudget,
  isNested: boolean,
): Work<void> {
  const archive = budget.openArchive(isNested)
  const expanded = new Gunzip(source, archive)
  const entries = new TarEntries(expanded)
  let count = 0
  try {
    for (let entry = yield* entries.next(); entry !== undefined; entry = yield* entries.next()) {
      archive.countEntry()
      if (entry.isDirectory) continue
      const path = memberPath(entry.name)
      archive.checkEntry(entry)
      count += 1
      const reader = files.accept(path)
      if (reader !== undefined) yield* readEntry(entry, reader, path, budget)
    }
    yield* finishGzip(expanded)
  } finally {
    expanded.close()
  }
  if (count === 0) throw new InvalidChart('no files in chart archive')
}

/**
 * Behind the tar helm reads no further. We do, up to the checksum: a package that was cut short there is refused. What
 * follows the gzip data, if it is not gzip itself, is as little fault here as there.
 */
function* finishGzip(expanded: ByteSource): Work<void> {
  try {
    while ((yield* expanded.next()) !== undefined) {
      // padding
    }
  } catch (error) {
    if (!(error instanceof InvalidChart && error.message === 'gzip: invalid header')) throw error
  }
}

function* readEntry(
  entry: TarEntry,
  reader: FileReader,
  path: string,
  budget: ArchiveBudget,
): Work<void> {
  if (reader.kind !== 'archive') {
    const allowed = budget.yamlBytes(path)
    if (entry.size > allowed) throw tooLargeFile(entry.name, allowed)
    budget.takeYaml(path, entry.size)
    const content = yield* readAll(entry.content)
    if (reader.kind === 'yaml') {
      reader.take(content)
    } else {
      const fault = yield* findYamlFault(content, reader.type)
      if (fault !== undefined) reader.noteFault(fault)
    }
    if (budget.isPauseDue()) yield* wait(nextTurn())
    return
  }
  try {
    yield* walk(entry.content, reader.files, budget, true)
    reader.settle()
  } catch (error) {
    if (!(error instanceof InvalidChart)) throw error
    reader.settle(error)
  }
}
