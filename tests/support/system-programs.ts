import { existsSync } from 'node:fs'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { mustRun } from './command.ts'

/** Programs that the tests run, by the Debian package that has them. */
const PACKAGES = {
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  curl: 'curl',
  faketime: 'faketime',
  gpg: 'gnupg',
  'keystone-manage': 'python3-keystone',
  nginx: 'nginx',
  openssl: 'openssl',
  radosgw: 'radosgw',
  'redis-server': 'redis-server',
  'swift/proxy': 'python3-swift',
} as const

export type ProgramName = keyof typeof PACKAGES

/** Servers stand in sbin, which is not in the PATH of every user, and Swift's are modules of Debian's own Python. */
const FOLDERS = [
  ...(process.env.PATH ?? '').split(delimiter),
  ...['/usr/sbin', '/sbin', '/usr/lib/python3/dist-packages'],
]

export function findProgram(name: ProgramName): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

export function missingPrograms(): ProgramName[] {
  return (Object.keys(PACKAGES) as ProgramName[]).filter((name) => findProgram(name) === undefined)
}

/** Why a test that needs these programs cannot run here, or false where it can. In CI it always runs, and fails. */
export function skipWithoutPrograms(...names: ProgramName[]): string | false {
  const missing = names.filter((name) => findProgram(name) === undefined)
  if (missing.length === 0 || process.env.CI === 'true') return false
  return `${missing.join(', ')} not found: install it and run npm test again`
}

export function describeInstall(names: readonly ProgramName[]): string {
  return `apt-get install ${names.map((name) => PACKAGES[name]).join(' ')}`
}

export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
}

const START_POLICY = '/usr/sbin/policy-rc.d'

/** Installs the programs with apt, as root, without starting the services that come with them. */
export async function installPrograms(names: readonly ProgramName[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const packages = names.map((name) => PACKAGES[name])
  const keepsPolicy = existsSync(START_POLICY)
  if (!keepsPolicy) {
    await writeFile(START_POLICY, '#!/bin/sh\nexit 101\n')
    await chmod(START_POLICY, 0o755)
  }
  try {
    await mustRun('apt-get', ['update', '-q'], { env, timeoutMs: 0 })
    // A machine of CI need not survive a power loss: without waiting for the disk at each file it takes half the time.
    const hurry = process.env.CI === 'true' ? ['-o', 'Dpkg::Options::=--force-unsafe-io'] : []
    const install = ['install', '-y', '-q', '--no-install-recommends', ...hurry, ...packages]
    await mustRun('apt-get', install, { env, timeoutMs: 0 })
  } finally {
    if (!keepsPolicy) await rm(START_POLICY, { force: true })
  }
}
