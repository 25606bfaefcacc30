import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Logger } from '../service/log.ts'
import { makePrivate, requirePrivate, socketDirectory } from '../service/socket-directory.ts'
import { StartError } from '../service/start-error.ts'

const SOCKET = 'store.sock'

/**
 * Makes a place where the admin command can ask the chart store inside a running gateway: what it keeps in memory nobody
 * else can tell or change. Who may enter the directory of the socket may do everything to the charts' files anyway.
 * Without it the gateway does all that it should: where there is none, that is logged.
 * @returns the path of the socket; undefined where another gateway has it.
 */
export async function prepareStoreSocket(
  dataDir: string,
  log: Logger,
): Promise<string | undefined> {
  const { home, directory, path } = placeOf(dataDir)
  try {
    await mkdir(home, { recursive: true })
    await makePrivate(directory)
    // another gateway on this DATA_DIR (with a DATABASE_URL) answers there: theirs is the same storage
    if (await answers(path)) return undefined
    await rm(path, { force: true })
    return path
  } catch (error) {
    log.warn({ err: error }, UNREACHABLE)
    return undefined
  }
}

/** Offers the store there; of several workers any one answers. @returns how to end it. */
export async function listenOnStoreSocket(
  server: Server,
  path: string,
  log: Logger,
): Promise<() => Promise<void>> {
  try {
    server.listen(path)
    await once(server, 'listening')
  } catch (error) {
    log.warn({ err: error }, UNREACHABLE)
    return async () => undefined
  }
  return async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const UNREACHABLE = 'the admin command cannot reach the chart store of this gateway'

/** The socket of the gateway that runs on DATA_DIR, if one does. @throws {StartError} where this user may not. */
export async function findStoreSocket(dataDir: string): Promise<string | undefined> {
  const { directory, path } = placeOf(dataDir)
  if (!existsSync(directory)) return undefined
  await requirePrivate(directory)
  return (await answers(path)) ? path : undefined
}

function placeOf(dataDir: string): { home: string; directory: string; path: string } {
  const home = join(dataDir, 'store')
  const directory = socketDirectory(home, SOCKET)
  return { home, directory, path: join(directory, SOCKET) }
}

/** A gateway that was killed leaves the file of its socket. */
async function answers(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return false
    throw new StartError(
      `the gateway's socket ${path} cannot be used (${String(code)}): run this as the gateway's user`,
      { cause: error },
    )
  } finally {
    socket.destroy()
  }
}
