import { randomFillSync } from 'node:crypto'
import { linkSync, mkdirSync } from 'node:fs'
import { access, appendFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildTar } from '../../tests/support/chart-package.ts'
import { CACHE_FOLDER } from './folders.ts'

const FOLDER = join(CACHE_FOLDER, 'large-packages-1')

/** helm takes no archive of 100 MiB or more. */
export const LARGE_MEGABYTES = [10, 100]

export function largePackageFile(megabytes: number): string {
  return `large-${megabytes}.0.0.tgz`
}

export async function linkLargePackages(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const megabytes of LARGE_MEGABYTES) {
    linkSync(await makeLargePackage(megabytes), join(folder, largePackageFile(megabytes)))
  }
}

/** The file of a chart `large`, in a version that tells its size. */
export async function makeLargePackage(megabytes: number): Promise<string> {
  const path = join(FOLDER, largePackageFile(megabytes))
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return path
  mkdirSync(FOLDER, { recursive: true })
  const half = join(FOLDER, `${process.pid}.half`)
  const content = Math.min(megabytes, Math.max(...LARGE_MEGABYTES))
  await writeFile(half, buildLargePackage(`${megabytes}.0.0`, content))
  await appendFile(half, padding((megabytes - content) * 1_000_000))
  await rename(half, path)
  return path
}

/** Of files of 1 MB that do not compress. */
export function buildLargePackage(version: string, megabytes: number): Buffer {
  const noise = Array.from({ length: megabytes }, (_, number) => ({
    path: `large/files/${number}.bin`,
    content: randomFillSync(Buffer.alloc(1_000_000)),
  }))
  const chartYaml = `apiVersion: v2\nname: large\nversion: ${version}\n`
  const entries = [{ path: 'large/Chart.yaml', content: chartYaml }, ...noise]
  // it would not get smaller
  return gzipSync(buildTar(entries), { level: 0 })
}

/**
 * Bytes that a gzip file may have beyond what an archive may unpack to: empty members (RFC 1952) with the longest extra
 * field.
 */
function* padding(bytes: number): Generator<Buffer> {
  const header = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 0xff, 0xff])
  const emptyContent = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  const member = Buffer.concat([header, Buffer.alloc(0xffff), emptyContent])
  for (let written = 0; written < bytes; written += member.length) yield member
}
