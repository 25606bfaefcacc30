import { mkdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makePrivate, socketDirectory } from '../../service/socket-directory.ts'
import { StartError } from '../../service/start-error.ts'

/** Where the embedded Postgres lives. */
export interface PostgresDirectories {
  /** DATA_DIR/postgres: everything below is Postgres's. */
  home: string
  /** The cluster, as initdb makes it. */
  data: string
  /** Holds the unix socket, and nobody but us may enter. */
  socket: string
  /** What Postgres says. */
  log: string
}

/** The port is only a part of the socket's file name. */
export const SOCKET_PORT = 5432
export const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`

/** @throws {StartError} when DATA_DIR cannot be written. */
export async function makeDirectories(dataDir: string): Promise<PostgresDirectories> {
  const home = join(resolve(dataDir), 'postgres')
  const directories = { home, data: join(home, 'data'), log: join(home, 'server.log') }
  const socket = socketDirectory(home, SOCKET_NAME)
  try {
    await makeTree(resolve(dataDir))
    await makePrivate(home)
    await makePrivate(socket)
  } catch (error) {
    if (error instanceof StartError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartError(`DATA_DIR ${dataDir} cannot be written: ${reason}`, { cause: error })
  }
  return { ...directories, socket }
}

/** Level by level: Node's own recursive mkdir tries for ever where a file system refuses new names (`/proc`). */
async function makeTree(directory: string): Promise<void> {
  const isThere = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isThere) return
  const parent = dirname(directory)
  if (parent !== directory) await makeTree(parent)
  await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
