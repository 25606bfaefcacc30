import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PostgresDirectories } from './directories.ts'

/** Starts a program of Postgres as a user that it accepts. */
export type SpawnPostgres = (
  program: string,
  args: readonly string[],
  options: SpawnOptions,
) => ChildProcess

/** nobody, on every Linux: no entry in /etc/passwd is needed. */
const NOBODY = 65534

/**
 * Postgres refuses to run as root. Root runs it as the owner of its files; where that is root too, inside a user
 * namespace in which root is called nobody; and where the kernel has none, as nobody, to whom the files are given.
 */
export async function choosePostgresUser(directories: PostgresDirectories): Promise<SpawnPostgres> {
  if (process.getuid?.() !== 0) return spawnBare
  const owner = await stat(directories.home)
  if (owner.uid === 0 && (await hasUserNamespaces())) {
    return (program, args, options) =>
      spawnBare('unshare', [...AS_NOBODY, program, ...args], options)
  }
  const identity =
    owner.uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid: owner.uid, gid: owner.gid }
  await give(directories.home, identity)
  await give(directories.socket, identity)
  return (program, args, options) => spawnBare(program, args, { ...options, ...identity })
}

/** Without our environment: it holds our passwords, and Postgres reads settings of its own from one. */
function spawnBare(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  return spawn(program, args, { ...options, env })
}

const AS_NOBODY = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--']

async function hasUserNamespaces(): Promise<boolean> {
  const probe = spawnBare('unshare', [...AS_NOBODY, 'true'], { stdio: 'ignore' })
  try {
    const [code] = await once(probe, 'exit')
    return code === 0
  } catch {
    return false
  }
}

async function give(path: string, identity: { uid: number; gid: number }): Promise<void> {
  const found = await stat(path)
  if (found.uid !== identity.uid) await chown(path, identity.uid, identity.gid)
  if (!found.isDirectory()) return
  for (const name of await readdir(path)) await give(join(path, name), identity)
}
