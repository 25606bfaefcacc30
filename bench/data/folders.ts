import { rmSync } from 'node:fs'
import { chmod, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What is made once and used by every run. Safe to delete. */
export const CACHE_FOLDER = join(tmpdir(), 'chartgate-bench-cache')

const runFolders = new Set<string>()

/** A folder of one measurement. Beside the cache, so that packages can be hard links. */
export async function makeRunFolder(name: string): Promise<string> {
  await mkdir(CACHE_FOLDER, { recursive: true })
  const folder = await mkdtemp(join(tmpdir(), `chartgate-bench-${name}-`))
  runFolders.add(folder)
  // nginx's workers are nobody's where this user is root
  await chmod(folder, 0o755)
  return folder
}

/** To be called when a measurement is over, and as the process ends. */
export function removeRunFolders(): void {
  for (const folder of runFolders) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  runFolders.clear()
}
