import { mustRun } from './command.ts'
import { clientPath } from './real-clients.ts'
import type { Index } from './store-client.ts'

/** An index as ChartMuseum has it: tests/support/museum is on the same library, and says what it does. */
export interface MuseumIndex extends Index {
  /** File names. */
  skipped?: string[]
}

/** What ChartMuseum makes of the packages in a project's folder. */
export async function indexByMuseum(folder: string): Promise<MuseumIndex> {
  return JSON.parse(await mustRun(clientPath('museum'), ['index', folder]))
}

/** What ChartMuseum reads in the folder's index-cache.yaml. */
export async function readByMuseum(folder: string): Promise<MuseumIndex> {
  return JSON.parse(await mustRun(clientPath('museum'), ['read', folder]))
}

/** Writes index-cache.yaml as ChartMuseum does. */
export async function saveByMuseum(folder: string): Promise<void> {
  await mustRun(clientPath('museum'), ['save', folder])
}
