import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from './command.ts'
import { PROJECT_FOLDER } from './project-folder.ts'

/** Azurite, Microsoft's own emulator of Azure Storage, is a package of its own: users of Chartgate need not install it. */
const SOURCE = join(import.meta.dirname, 'azurite')
const FOLDER = join(PROJECT_FOLDER, '.tools', 'azurite')
const STAMP = join(FOLDER, 'stamp')

export const AZURITE_PROGRAM = join(FOLDER, 'node_modules/azurite/dist/src/blob/main.js')

export function isAzuriteInstalled(): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockText()
}

export async function installAzurite(): Promise<void> {
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    await copyFile(join(SOURCE, name), join(FOLDER, name))
  }
  await mustRun('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    timeoutMs: 0,
  })
  await writeFile(STAMP, lockText())
}

export function skipWithoutAzurite(): string | false {
  if (isAzuriteInstalled() || process.env.CI === 'true') return false
  return 'azurite is not installed: run npm test'
}

function lockText(): string {
  return readFileSync(join(SOURCE, 'package-lock.json'), 'utf8')
}
