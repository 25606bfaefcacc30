import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type CommandResult, mustRun, runCommand } from './command.ts'
import { makeFolder } from './folder.ts'
import { clientPath } from './real-clients.ts'

/** Helm 2 with a home and a working folder of its own; its commands are those of tests/support/helm2. */
export interface Helm2Home {
  folder: string
  /** Runs it, which must succeed, and returns what it printed. */
  helm2: (...args: string[]) => Promise<string>
  /** Runs it, whatever comes of it. */
  tryHelm2: (...args: string[]) => Promise<CommandResult>
}

export async function createHelm2Home(t: TestContext): Promise<Helm2Home> {
  const home = await makeFolder(t)
  const folder = join(home, 'work')
  await mkdir(folder)
  const options = { cwd: folder, env: { PATH: process.env.PATH, HOME: home, HELM_HOME: home } }
  return {
    folder,
    helm2: (...args) => mustRun(clientPath('helm2'), args, options),
    tryHelm2: (...args) => runCommand(clientPath('helm2'), args, options),
  }
}
