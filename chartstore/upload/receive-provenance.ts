import { InvalidChart } from '../chart/chart-error.ts'
import { checkFileName, packageFileName, provenanceFileName } from '../chart/file-name.ts'
import { readProvenance } from '../chart/provenance.ts'
import type { Spool, Storage } from '../storage/storage.ts'

/** A provenance file that has arrived whole and is durable, and is not yet published. */
export interface ReceivedProvenance {
  fileName: string
  /** The package that it signs. */
  packageFile: string
  /** The sha256 that it states for that package, if it does. */
  packageDigest: string | undefined
  spool: Spool
}

/** A Chart.yaml and a signature: more than this is none. */
const MAX_PROVENANCE_BYTES = 512 * 1024

/** @throws {InvalidChart} where it is no signed message that names a chart and its version. */
export async function receiveProvenance(
  source: AsyncIterator<Uint8Array>,
  storage: Storage,
): Promise<ReceivedProvenance> {
  const content = await readAll(source)
  const { name, version, files } = readProvenance(content.toString('utf8'))
  const packageFile = packageFileName(name, version)
  const fileName = provenanceFileName(name, version)
  checkFileName(fileName)
  const spool = await storage.createSpool()
  try {
    await spool.write(content)
    await spool.finish()
  } catch (error) {
    await spool.discard()
    throw error
  }
  return { fileName, packageFile, packageDigest: files.get(packageFile), spool }
}

async function readAll(source: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for (let step = await source.next(); step.done !== true; step = await source.next()) {
    size += step.value.length
    if (size > MAX_PROVENANCE_BYTES) throw new InvalidChart('invalid provenance file')
    chunks.push(step.value)
  }
  return Buffer.concat(chunks)
}
