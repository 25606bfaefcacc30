import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustRun } from './command.ts'
import { PROJECT_FOLDER } from './project-folder.ts'

const TOOLS_FOLDER = join(PROJECT_FOLDER, '.tools')

/** Programs that are built from source: the clients, what reads a repository as ChartMuseum, servers of object stores. */
export type ClientName =
  | 'helm2'
  | 'helm3'
  | 'helm4'
  | 'helm-cm-push'
  | 'museum'
  | 'versitygw'
  | 'fake-gcs-server'

interface Recipe {
  /** What it is made from: a binary with another stamp is built again. */
  stamp: string
  /** Builds the program inside the empty folder `work` and returns its path. */
  build: (work: string) => Promise<string>
}

const RECIPES: Record<ClientName, Recipe> = {
  helm3: helmRecipe('helm.sh/helm/v3', 'v3.21.4'),
  helm4: helmRecipe('helm.sh/helm/v4', 'v4.2.4'),
  'helm-cm-push': moduleRecipe('github.com/chartmuseum/helm-push', 'v0.10.4', 'cmd/helm-cm-push'),
  versitygw: moduleRecipe('github.com/versity/versitygw', 'v1.8.0', 'cmd/versitygw'),
  'fake-gcs-server': moduleRecipe('github.com/fsouza/fake-gcs-server', 'v1.52.3', ''),
  helm2: ownRecipe('helm2', 'k8s.io/helm v2.17.0'),
  museum: ownRecipe('museum', 'helm.sh/helm/v3 v3.20.2'),
}

export const CLIENT_NAMES = Object.keys(RECIPES) as ClientName[]

export function clientPath(name: ClientName): string {
  return join(TOOLS_FOLDER, name)
}

export function isBuilt(name: ClientName): boolean {
  const stamp = `${clientPath(name)}.stamp`
  return (
    existsSync(clientPath(name)) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === RECIPES[name].stamp
  )
}

/** Builds one client into the git-ignored folder of tools. The stamp is written last, so that a killed build is repeated. */
export async function buildClient(name: ClientName): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), `chartgate-build-${name}-`))
  try {
    const program = await RECIPES[name].build(work)
    await mkdir(TOOLS_FOLDER, { recursive: true })
    const half = `${clientPath(name)}.${process.pid}.half`
    await copyFile(program, half)
    await rename(half, clientPath(name))
    await writeFile(`${clientPath(name)}.stamp`, RECIPES[name].stamp)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Why a test that needs these clients cannot run here, or false where it can. In CI it always runs, and fails. */
export function skipWithout(...names: ClientName[]): string | false {
  const missing = names.filter((name) => !isBuilt(name))
  if (missing.length === 0 || process.env.CI === 'true') return false
  return `${missing.join(', ')} could not be built here: install Go 1.26 or newer and run npm test`
}

/** Helm as its release binaries are made: with a full version in `helm version` and in the User-Agent. */
function helmRecipe(module: string, version: string): Recipe {
  const variables = `${module}/internal/version`
  return {
    stamp: `${module} ${version}`,
    build: async (work) => {
      const flags = `-X ${variables}.version=${version} -X ${variables}.metadata=`
      await mustRun('go', ['install', '-ldflags', flags, `${module}/cmd/helm@${version}`], {
        cwd: work,
        env: { ...process.env, GOBIN: work },
        timeoutMs: 0,
      })
      return join(work, 'helm')
    },
  }
}

/**
 * `go install …@version` asks the module proxy for the list of versions, which not every proxy has; a module that
 * requires it does not.
 */
function moduleRecipe(module: string, version: string, folder: string): Recipe {
  return {
    stamp: `${module} ${version}`,
    build: async (work) => {
      const program = join(work, 'program')
      await go(work, 'mod', 'init', 'client')
      await go(work, 'mod', 'edit', '-require', `${module}@${version}`)
      await go(
        work,
        'build',
        '-mod=mod',
        '-o',
        program,
        folder === '' ? module : `${module}/${folder}`,
      )
      return program
    },
  }
}

/** A program of ours on another's packages: its source is the folder of its name beside this file. */
function ownRecipe(name: string, packages: string): Recipe {
  const source = join(import.meta.dirname, name)
  return {
    stamp: `${packages}, ${hashFiles(source, ['go.mod', 'go.sum', 'main.go'])}`,
    build: async (work) => {
      const program = join(work, name)
      await go(source, 'build', '-buildvcs=false', '-o', program, '.')
      return program
    },
  }
}

async function go(cwd: string, ...args: string[]): Promise<void> {
  await mustRun('go', args, { cwd, timeoutMs: 0 })
}

function hashFiles(folder: string, names: string[]): string {
  const hash = createHash('sha256')
  for (const name of names) hash.update(readFileSync(join(folder, name)))
  return hash.digest('hex')
}
