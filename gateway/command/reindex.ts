import type { Command } from 'commander'
import { chooseProjects } from './chosen-projects.ts'
import { formatTable } from './output.ts'
import type { Run } from './program.ts'
import { createProgressBar } from './progress-bar.ts'
import { reachStore } from './reach-store.ts'
import { rebuildStoredIndex } from './stored-index.ts'

export function addReindexCommand(program: Command, run: Run): void {
  program
    .command('reindex [project...]')
    .description(
      "have the store rebuild its index from the packages; without names: every project's",
    )
    .action(
      run(async (context, names: string[]) => {
        const { output, checkInterrupted, noteProblems, closeLater } = context
        const projects = await chooseProjects(await context.openDatabase(), names)
        const { store, name } = await reachStore(context)
        output.note(`through ${name}`)
        const bar = createProgressBar('projects')
        closeLater(async () => bar.stop())
        bar.expect(projects.length)
        const results: ({ project: string } & Awaited<ReturnType<typeof rebuildStoredIndex>>)[] = []
        for (const project of projects) {
          checkInterrupted()
          results.push({ project, ...(await rebuildStoredIndex(store, project)) })
          bar.step()
        }
        bar.stop()
        const leftOut = results.flatMap(({ project, problems }) =>
          problems.map(({ fileName, message }) => [`${project}/${fileName}`, message]),
        )
        if (leftOut.length > 0) noteProblems()
        const rows = results.map(({ project, charts, versions, problems }) => [
          project,
          charts,
          versions,
          problems.length,
        ])
        output.result(
          { through: name, projects: results },
          formatTable(['PROJECT', 'CHARTS', 'VERSIONS', 'LEFT OUT'], rows) +
            (leftOut.length === 0 ? '' : `\n${formatTable(['LEFT OUT', 'WHY'], leftOut)}`),
        )
      }),
    )
}
