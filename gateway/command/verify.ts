import type { Command } from 'commander'
import { openChartFiles } from './chart-files.ts'
import { chooseProjects } from './chosen-projects.ts'
import { formatTable } from './output.ts'
import type { Run } from './program.ts'
import { reachStore } from './reach-store.ts'
import { type ProjectFinding, verifyProjects } from './verify-projects.ts'

export function addVerifyCommand(program: Command, run: Run): void {
  program
    .command('verify [project...]')
    .description(
      'read every package and compare it with the index; exit code 1: something is wrong',
    )
    .action(
      run(async (context, names: string[]) => {
        const { config, env, log, output, noteProblems } = context
        const projects = await chooseProjects(await context.openDatabase(), names)
        const files = await openChartFiles(config, env, log)
        const reached = await reachStore(context)
        output.note(`packages in ${files.name}, index of ${reached.name}`)
        const { packages, findings } = await verifyProjects(context, files, reached, projects)
        if (findings.length > 0) noteProblems()
        output.result(
          { projects: projects.length, packages, findings },
          describe(packages, findings),
        )
      }),
    )
}

function describe(packages: number, findings: readonly ProjectFinding[]): string {
  if (findings.length === 0) return `${packages} packages are as the index says`
  const rows = findings.map(({ project, kind, fileName, message }) => [
    `${project}/${fileName}`,
    kind,
    message,
  ])
  return formatTable(['FILE', 'WRONG', 'WHY'], rows)
}
