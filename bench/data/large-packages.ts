import { randomFillSync } from 'node:crypto'
import { linkSync, mkdirSync } from 'node:fs'
import { access, rename, writeFile } from 'node:fs/promises'
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
    linkSync(await buildOnce(megabytes), join(folder, largePackageFile(megabytes)))
  }
}

/** The file of a chart `large`, of files of 1 MB that do not compress, in a version that tells its size. */
async function buildOnce(megabytes: number): Promise<string> {
  const path = join(FOLDER, largePackageFile(megabytes))
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return path
  mkdirSync(FOLDER, { recursive: true })
  const half = join(FOLDER, `${process.pid}.half`)
  await writeFile(half, buildLargePackage(`${megabytes}.0.0`, megabytes))
  await rename(half, path)
  return path
}

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
