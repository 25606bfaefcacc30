import { type ChartFiles, type Finding, verifyFiles } from './chart-files.ts'
import type { CommandContext } from './context.ts'
import { createProgressBar } from './progress-bar.ts'
import type { ReachedStore } from './reach-store.ts'
import { readStoredIndex } from './stored-index.ts'

export interface ProjectFinding extends Finding {
  project: string
}

/** Reads every package of projects and compares it with the store's index, with a progress bar. */
export async function verifyProjects(
  { checkInterrupted, closeLater }: CommandContext,
  files: ChartFiles,
  { store }: ReachedStore,
  projects: readonly string[],
): Promise<{ packages: number; findings: ProjectFinding[] }> {
  const bar = createProgressBar('packages')
  closeLater(async () => bar.stop())
  const findings: ProjectFinding[] = []
  let packages = 0
  for (const project of projects) {
    const verified = await verifyFiles(files, {
      project,
      readIndex: () => readStoredIndex(store, project),
      onFound: bar.expect,
      onRead: () => {
        bar.step()
        checkInterrupted()
      },
    })
    packages += verified.packages
    findings.push(...verified.findings.map((finding) => ({ project, ...finding })))
  }
  bar.stop()
  return { packages, findings }
}
