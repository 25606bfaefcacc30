import { linkPackages } from './chart-pool.ts'
import { linkLargePackages } from './large-packages.ts'

/** A project that a peer is started with. */
export interface BenchProject {
  name: string
  /** Whether anybody may read it. */
  isPublic?: boolean
  /** Lays its packages into the folder. */
  write: (folder: string) => Promise<void>
}

export function projectOf(versions: number): BenchProject {
  return { name: `p${versions}`, write: (folder) => linkPackages(folder, versions) }
}

export const LARGE_PROJECT: BenchProject = { name: 'large', write: linkLargePackages }
