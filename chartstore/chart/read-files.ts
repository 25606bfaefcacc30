import type { Readable } from 'node:stream'
import { createArchiveBudget, DEFAULT_LIMITS } from './archive-limits.ts'
import { InvalidChart } from './chart-error.ts'
import { gunzip } from './gunzip.ts'
import { memberPath } from './member-path.ts'
import { readTarEntries } from './tar-entries.ts'

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
  const files = new Map<string, Buffer>()
  const archive = createArchiveBudget(DEFAULT_LIMITS).openArchive(false)
  const bytes = source[Symbol.asyncIterator]()
  let total = 0
  try {
    for await (const entry of readTarEntries(gunzip(bytes, archive.checkExpanded))) {
      const path = entry.isDirectory ? '' : memberPath(entry.name)
      if (path === '' || !isWanted(path)) continue
      total += entry.size
      if (total > MAX_TOTAL_BYTES) {
        throw new InvalidChart('the files are too large to be shown: download the package')
      }
      const chunks: Buffer[] = []
      for await (const chunk of entry.content) chunks.push(chunk)
      files.set(path, withoutMark(Buffer.concat(chunks)))
    }
  } finally {
    source.destroy()
  }
  return files
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

function withoutMark(content: Buffer): Buffer {
  return content.subarray(0, 3).equals(BYTE_ORDER_MARK) ? content.subarray(3) : content
}
