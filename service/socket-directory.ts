import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

/** sun_path without its NUL: unix(7), and sys/un.h of macOS. */
const MAX_SOCKET_PATH = process.platform === 'darwin' ? 103 : 107

/**
 * Where unix sockets of `home` go: a directory below it, or, where that is too deep for a socket, one in the temporary
 * directory, whose name a restart finds again.
 * @param longestName of a socket in it.
 */
export function socketDirectory(home: string, longestName: string): string {
  const usual = join(home, 'socket')
  if (Buffer.byteLength(join(usual, longestName)) <= MAX_SOCKET_PATH) return usual
  const name = createHash('sha256').update(home).digest('hex').slice(0, 16)
  return join(tmpdir(), `chartgate-${name}`)
}

/** Makes a directory that only this user may enter. @throws {StartError} where it is there and others may. */
export async function makePrivate(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    await requirePrivate(directory)
  }
}

/**
 * In a shared temporary directory anybody may have made it before us, and what is in it would then be theirs.
 * @throws {StartError} where others may enter it.
 */
export async function requirePrivate(directory: string): Promise<void> {
  const found = await lstat(directory)
  const ours =
    process.getuid === undefined || process.getuid() === 0 || found.uid === process.getuid()
  if (found.isDirectory() && ours && (found.mode & 0o077) === 0) return
  throw new StartError(
    `${directory} is not a private directory of this user: remove it, or give it to the user with mode 0700`,
  )
}
