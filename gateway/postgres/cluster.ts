import { existsSync } from 'node:fs'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { StartError } from '../../service/start-error.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { PostgresDirectories } from './directories.ts'
import type { SpawnPostgres } from './identity.ts'

const UNFINISHED = 'initdb-'

const INITDB_OPTIONS = [
  '--username=postgres',
  '--encoding=UTF8',
  // the same order of strings on every machine, whatever locales it has
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  // the socket's directory is the guard
  '--auth-local=trust',
  '--auth-host=reject',
  '--no-instructions',
]

/**
 * Makes the database cluster, unless there is one. It gets its name when it is whole, so that a start that was
 * killed leaves nothing half-made, and of two first starts one wins.
 * @throws {StartError} with what initdb said.
 */
export async function prepareCluster(
  directories: PostgresDirectories,
  binaries: PostgresBinaries,
  spawnPostgres: SpawnPostgres,
): Promise<void> {
  if (existsSync(directories.data)) return
  const unfinished = join(directories.home, `${UNFINISHED}${process.pid}`)
  await rm(unfinished, { recursive: true, force: true })
  const initdb = spawnPostgres(binaries.initdb, [...INITDB_OPTIONS, `--pgdata=${unfinished}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = initdb.stderr === null ? '' : text(initdb.stderr)
  const code = await new Promise<number | null>((resolve, reject) => {
    initdb.once('error', (error) => reject(cannotPrepare(error.message, error)))
    initdb.once('close', resolve)
  })
  if (code === 0) await publish(unfinished, directories.data)
  else await rm(unfinished, { recursive: true, force: true })
  // when initdb failed, another process may still have made the cluster
  if (existsSync(directories.data)) return
  throw cannotPrepare(firstError(await said))
}

function cannotPrepare(reason: string, cause?: unknown): StartError {
  return new StartError(
    `the embedded Postgres cannot be prepared: ${reason} (or set DATABASE_URL to a Postgres of your own)`,
    { cause },
  )
}

async function publish(unfinished: string, data: string): Promise<void> {
  try {
    await rename(unfinished, data)
    // initdb has synced all but its own new name, without which the next start would begin again
    await syncDirectory(dirname(data))
    await syncDirectory(dirname(dirname(data)))
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!existsSync(data)) throw error
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes what killed first starts left. To be called by the one process that holds the directory. */
export async function removeUnfinished(directories: PostgresDirectories): Promise<void> {
  const names = await readdir(directories.home)
  const unfinished = names.filter((name) => name.startsWith(UNFINISHED))
  await Promise.all(
    unfinished.map((name) => rm(join(directories.home, name), { recursive: true, force: true })),
  )
}

function firstError(said: string): string {
  const lines = said.trim().split('\n')
  return lines.find((line) => /error|fatal|could not/i.test(line)) ?? lines.at(-1) ?? ''
}
