import type { Readable } from 'node:stream'
import { createArchiveBudget, DEFAULT_LIMITS } from './archive-limits.ts'
import { type ByteSource, readAll, streamOf } from './byte-reader.ts'
import { InvalidChart } from './chart-error.ts'
import { Gunzip } from './gunzip.ts'
import { memberPath } from './member-path.ts'
import { TarEntries } from './tar-entries.ts'
import { finish, type Work } from './work.ts'

const MAX_TOTAL_BYTES = 20 * 1024 * 1024

/**
 * Reads the wanted files of a stored package, as helm sees them: path below the chart's folder → content, without a byte
 * order mark.
 * @throws {InvalidChart} where they are too large to answer with.
 */
export async function readChartFiles(
  source: Readable,
  isWanted: (path: string) => boolean,
): Promise<Map<string, Buffer>> {
  try {
    return await finish(readWanted(streamOf(source[Symbol.asyncIterator]()), isWanted))
  } finally {
    source.destroy()
  }
}

function* readWanted(
  source: ByteSource,
  isWanted: (path: string) => boolean,
): Work<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const expanded = new Gunzip(source, createArchiveBudget(DEFAULT_LIMITS).openArchive(false))
  const entries = new TarEntries(expanded)
  let total = 0
  try {
    for (let entry = yield* entries.next(); entry !== undefined; entry = yield* entries.next()) {
      const path = entry.isDirectory ? '' : memberPath(entry.name)
      if (path === '' || !isWanted(path)) continue
      total += entry.size
      if (total > MAX_TOTAL_BYTES) {
        throw new InvalidChart('the files are too large to be shown: download the package')
      }
      files.set(path, withoutMark(yield* readAll(entry.content)))
    }
  } finally {
    expanded.close()
  }
  return files
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

function withoutMark(content: Buffer): Buffer {
  return content.subarray(0, 3).equals(BYTE_ORDER_MARK) ? content.subarray(3) : content
}
