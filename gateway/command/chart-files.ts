import { readFile, realpath, stat } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { type CopyOptions, copyProject } from '../../chartstore/maintenance/copy-project.ts'
import {
  type Finding,
  type IndexedPackage,
  type VerifyOptions,
  verifyProject,
} from '../../chartstore/maintenance/verify-project.ts'
import { listProjectFolders } from '../../chartstore/storage/local-reader.ts'
import {
  describeStorage,
  openStorage,
  openStorageReader,
} from '../../chartstore/storage/open-storage.ts'
import { StorageError, type StorageReader } from '../../chartstore/storage/storage.ts'
import { loadStorageConfig, type StorageConfig } from '../../chartstore/storage/storage-config.ts'
import type { Env } from '../../service/env.ts'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import type { GatewayConfig } from '../config.ts'
import { loadEmbeddedConfig } from '../embedded-config.ts'
import { ServiceUnavailable } from '../http/errors.ts'

export type { Finding, IndexedPackage }
export type CopyResult = Awaited<ReturnType<typeof copyProject>>

/** Files of charts, of the store that is configured or of another one. */
export interface ChartFiles {
  /** Where they are, for people. */
  name: string
  place: StorageConfig
  reader: StorageReader
}

/** @throws {StartError} */
export async function openChartFiles(
  config: GatewayConfig,
  env: Env,
  log: Logger,
): Promise<ChartFiles> {
  const place = findStorage(config, env)
  return { name: describeStorage(place), place, reader: await openStorageReader(place, log) }
}

/** The same that the store has. One behind CHARTSTORE_URL does not tell: the default is not where its charts are. */
function findStorage({ chartstore, dataDir }: GatewayConfig, env: Env): StorageConfig {
  if (chartstore !== undefined && !env.STORAGE && !env.STORAGE_LOCAL_ROOTDIR) {
    throw new StartError(
      `the charts are at ${chartstore.url}, and where its files are is not known: set STORAGE and what belongs to it ` +
        '(STORAGE_LOCAL_ROOTDIR …) as the chart store has them',
    )
  }
  return loadEmbeddedConfig(env, dataDir).storage
}

/**
 * The charts of another store: a directory of projects, or what an env file of ChartMuseum says (its credentials come
 * from our own environment). @throws {StartError}
 */
export async function openOtherChartFiles(
  path: string,
  own: ChartFiles,
  log: Logger,
): Promise<ChartFiles & { listProjects?: () => Promise<string[]> }> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) {
    throw new StartError(`--storage ${path}: there is no such directory or file`)
  }
  const place: StorageConfig = found.isDirectory()
    ? { kind: 'local', dir: path }
    : loadStorageConfig(parseEnv(await readFile(path, 'utf8')))
  if (await isSamePlace(place, own.place)) {
    throw new StartError(
      `--storage ${path} is where the charts of this Chartgate are: use --in-place`,
    )
  }
  const files = { name: describeStorage(place), place, reader: await openStorageReader(place, log) }
  if (place.kind !== 'local') return files
  return { ...files, listProjects: () => asking(() => listProjectFolders(place.dir)) }
}

async function isSamePlace(a: StorageConfig, b: StorageConfig): Promise<boolean> {
  if (a.kind !== 'local' || b.kind !== 'local') return describeStorage(a) === describeStorage(b)
  const [one, other] = await Promise.all([
    realpath(a.dir).catch(() => a.dir),
    realpath(b.dir).catch(() => b.dir),
  ])
  return one === other
}

export function verifyFiles(
  { reader }: ChartFiles,
  options: Omit<VerifyOptions, 'storage'>,
): ReturnType<typeof verifyProject> {
  return asking(() => verifyProject({ ...options, storage: reader }))
}

export type CopyFiles = (options: Omit<CopyOptions, 'from' | 'to' | 'write'>) => Promise<CopyResult>

/** @param isDry nothing is written. @throws {StartError} where the storage cannot refuse to overwrite. */
export async function createCopy(
  from: ChartFiles,
  to: ChartFiles,
  isDry: boolean,
  log: Logger,
): Promise<CopyFiles> {
  const write = isDry
    ? undefined
    : await openStorage(to.place, { allowsOverwrite: false }, undefined, log)
  return (options) =>
    asking(() => copyProject({ ...options, from: from.reader, to: to.reader, write }))
}

async function asking<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof StorageError) throw new ServiceUnavailable(error.message, error)
    throw error
  }
}
