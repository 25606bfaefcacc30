import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { PROJECT_FOLDER } from './project-folder.ts'

/** A folder with what the Dockerfile copies into the image, and nothing else but the installed packages. */
export async function makeImageFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chartgate-image-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(join(PROJECT_FOLDER, 'node_modules'), join(folder, 'node_modules'))
  for (const path of copiedPaths()) {
    await cp(join(PROJECT_FOLDER, path), join(folder, path), { recursive: true })
  }
  return folder
}

function copiedPaths(): string[] {
  const dockerfile = readFileSync(join(PROJECT_FOLDER, 'Dockerfile'), 'utf8')
  const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  return [...lastStage.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(
    ([, sources]) => sources?.split(' ') ?? [],
  )
}
