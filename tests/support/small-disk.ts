import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { mustRun } from './command.ts'
import { makeFolder } from './folder.ts'
import { PROJECT_FOLDER } from './project-folder.ts'

/** A file system in memory of a given size, which only programs that are started `within` it see. */
export interface SmallDisk {
  /** Its folder, for programs within. */
  dir: string
  /** The same folder for this process. */
  seenFromHere: string
  /** In front of a command line. */
  within: readonly string[]
  remount: (options: 'ro' | 'rw') => Promise<void>
}

/** Root may mount; others may in a user namespace of their own, where the system lets them. */
const OWN_USER = process.getuid?.() === 0 ? [] : ['--map-root-user']
const MOUNT = 'mount -t tmpfs -o "size=$1" tmpfs "$0" && echo mounted && exec sleep 900'

/** Why tests on small disks cannot run here, or false where they can. In CI they always run, and fail. */
export function skipWithoutMounts(): string | false {
  if (process.env.CI === 'true') return false
  const { status } = spawnSync('unshare', ['--mount', ...OWN_USER, 'true'])
  return status === 0 ? false : 'mount namespaces are not allowed here: run the tests as root'
}

/** @param size as mount takes it: `4m` */
export async function makeSmallDisk(t: TestContext, size: string): Promise<SmallDisk> {
  const dir = await makeFolder(t)
  const args = ['--mount', ...OWN_USER, 'sh', '-c', MOUNT, dir, size]
  const holder = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(holder, 'exit')
  t.after(async () => {
    holder.kill()
    await ended
  })
  await Promise.race([once(holder.stdout, 'data'), ended])
  if (holder.exitCode !== null) throw new Error('no file system could be mounted')
  const ofUser = OWN_USER.length === 0 ? [] : ['--user', '--preserve-credentials']
  const target = ['--target', String(holder.pid), '--mount', ...ofUser]
  const within = ['nsenter', ...target, `--wdns=${PROJECT_FOLDER}`, '--']
  const [enter = '', ...rest] = within
  return {
    dir,
    seenFromHere: join('/proc', String(holder.pid), 'root', dir),
    within,
    remount: async (options) => {
      await mustRun(enter, [...rest, 'mount', '-o', `remount,${options}`, dir])
    },
  }
}
