import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Credentials } from './accounts.ts'
import { type CommandResult, mustRun, runCommand } from './command.ts'
import { clientPath } from './real-clients.ts'

/** A helm of one version with a home, a cache and a working folder of its own, and cm-push as its plugin. */
export interface HelmHome {
  /** Where commands run. */
  folder: string
  /** Of this helm; HELM_REPOSITORY_CONFIG and the like, for cm-push without helm. */
  env: NodeJS.ProcessEnv
  /** Runs helm, which must succeed, and returns what it printed. */
  helm: (...args: string[]) => Promise<string>
  /** Runs helm, whatever comes of it. */
  tryHelm: (...args: string[]) => Promise<CommandResult>
}

export async function createHelmHome(
  t: TestContext,
  version: 'helm3' | 'helm4',
): Promise<HelmHome> {
  const home = await mkdtemp(join(tmpdir(), `chartgate-${version}-`))
  t.after(() => rm(home, { recursive: true, force: true }))
  const folder = join(home, 'work')
  await mkdir(folder)
  await installPushPlugin(join(home, 'plugins'))
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    HELM_REPOSITORY_CONFIG: join(home, 'config', 'repositories.yaml'),
    HELM_REPOSITORY_CACHE: join(home, 'cache', 'repository'),
    HELM_PLUGINS: join(home, 'plugins'),
  }
  const program = clientPath(version)
  return {
    folder,
    env,
    helm: (...args) => mustRun(program, args, { cwd: folder, env }),
    tryHelm: (...args) => runCommand(program, args, { cwd: folder, env }),
  }
}

/** As `helm plugin install` leaves it, but for the download of the binary. */
async function installPushPlugin(plugins: string): Promise<void> {
  const folder = join(plugins, 'cm-push')
  await mkdir(folder, { recursive: true })
  const manifest = {
    name: 'cm-push',
    version: '0.10.4',
    usage: 'helm cm-push CHART REPOSITORY',
    description: 'Push chart package to ChartMuseum',
    command: clientPath('helm-cm-push'),
  }
  await writeFile(join(folder, 'plugin.yaml'), JSON.stringify(manifest))
}

/** How helm and cm-push are told who one is. */
export function loginArgs({ username, password }: Credentials): string[] {
  return ['--username', username, `--password=${password}`]
}
