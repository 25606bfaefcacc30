import { createHash } from 'node:crypto'
import { DEFAULT_LIMITS, readChartArchive } from '../chart/archive.ts'
import { InvalidChart } from '../chart/chart-error.ts'
import type { ChartMetadata } from '../chart/chart-metadata.ts'
import { checkFileName, packageFileName } from '../chart/file-name.ts'
import { observe } from '../observe.ts'
import type { Spool, Storage } from '../storage/storage.ts'

/** A package that has arrived whole, is valid and durable, and is not yet published. */
export interface ReceivedPackage {
  fileName: string
  metadata: ChartMetadata
  /** sha256, hex. */
  digest: string
  spool: Spool
}

/**
 * Takes a package in, in one pass: to the spool, through sha256, through the archive walk. No more than a few chunks of
 * it are in memory.
 * @throws {InvalidChart} as soon as it is known to be none.
 */
export async function receivePackage(
  source: AsyncIterator<Uint8Array>,
  storage: Storage,
): Promise<ReceivedPackage> {
  const spool = await storage.createSpool()
  const hash = createHash('sha256')
  const tee = observe(source, async (chunk) => {
    hash.update(chunk)
    await spool.write(chunk)
  })
  try {
    const { metadata } = await readChartArchive(tee, DEFAULT_LIMITS)
    checkUrlName(metadata.name)
    const fileName = packageFileName(metadata.name, metadata.version)
    checkFileName(fileName)
    await spool.finish()
    return { fileName, metadata, digest: hash.digest('hex'), spool }
  } catch (error) {
    await spool.discard()
    throw error
  }
}

/** helm puts names into URLs as they are: it could list such a chart, and never pull it. */
function checkUrlName(name: string): void {
  if (!/[?#%]/.test(name)) return
  throw new InvalidChart(
    `validation: chart.metadata.name ${JSON.stringify(name)} cannot be part of a URL: leave out "?", "#" and "%"`,
  )
}
