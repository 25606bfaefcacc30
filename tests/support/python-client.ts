import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from './command.ts'
import { PROJECT_FOLDER } from './project-folder.ts'

/** harborapi, the Python client of Harbor, as people install it. */
const REQUIREMENT = 'harborapi==0.26.2'

const FOLDER = join(PROJECT_FOLDER, '.tools', 'python')
const STAMP = join(FOLDER, 'stamp')

export const PYTHON = join(FOLDER, 'bin', 'python')

export function isPythonClientInstalled(): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === REQUIREMENT
}

/** The stamp is written last, so that a killed installation is repeated. */
export async function installPythonClient(): Promise<void> {
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER, { recursive: true })
  await mustRun('python3', ['-m', 'venv', FOLDER], { timeoutMs: 0 })
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', REQUIREMENT]
  await mustRun(PYTHON, install, { timeoutMs: 0 })
  await writeFile(STAMP, REQUIREMENT)
}

/** Why a test that needs it cannot run here, or false where it can. In CI it always runs, and fails. */
export function skipWithoutPythonClient(): string | false {
  if (isPythonClientInstalled() || process.env.CI === 'true') return false
  return `${REQUIREMENT} could not be installed here: install Python 3.9 or newer with venv and run npm test`
}
