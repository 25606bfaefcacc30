import { cpus, release, totalmem } from 'node:os'
import { mustRun } from '../../tests/support/command.ts'
import { PROJECT_FOLDER } from '../../tests/support/project-folder.ts'

/** Where and when the figures were taken: they say something as ratios, and little on another machine. */
export async function describeMachine(): Promise<string> {
  const git = ['-C', PROJECT_FOLDER, 'rev-parse', '--short', 'HEAD']
  const commit = await mustRun('git', git).then(
    (text) => `commit ${text.trim()}`,
    () => 'no commit',
  )
  const processors = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return [
    new Date().toISOString().slice(0, 10),
    commit,
    `Node ${process.versions.node}`,
    `${processors.length} × ${processors[0]?.model.trim()}, ${gigabytes} GB, Linux ${release()}`,
  ].join('; ')
}
