import { createHash } from 'node:crypto'
import { lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
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

/** sun_path without its NUL: unix(7), and sys/un.h of macOS. */
const MAX_SOCKET_PATH = process.platform === 'darwin' ? 103 : 107

/** @throws {StartError} when DATA_DIR cannot be written. */
export async function makeDirectories(dataDir: string): Promise<PostgresDirectories> {
  const home = join(resolve(dataDir), 'postgres')
  const directories = { home, data: join(home, 'data'), log: join(home, 'server.log') }
  const socket = socketDirectory(home)
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

/** Below DATA_DIR, or, where that is too deep for a socket, a name in the temporary directory that a restart finds again. */
function socketDirectory(home: string): string {
  const usual = join(home, 'socket')
  const longest = join(usual, `.s.PGSQL.${SOCKET_PORT}`)
  if (Buffer.byteLength(longest) <= MAX_SOCKET_PATH) return usual
  const name = createHash('sha256').update(home).digest('hex').slice(0, 16)
  return join(tmpdir(), `chartgate-${name}`)
}

async function makePrivate(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    await requirePrivate(directory)
  }
}

/** In a shared temporary directory anybody may have made it before us, and would then own our database. */
async function requirePrivate(directory: string): Promise<void> {
  const found = await lstat(directory)
  const ours =
    process.getuid === undefined || process.getuid() === 0 || found.uid === process.getuid()
  if (found.isDirectory() && ours && (found.mode & 0o077) === 0) return
  throw new StartError(
    `${directory} is not a private directory of this user: remove it, or give it to the user with mode 0700`,
  )
}
