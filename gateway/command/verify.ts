import type { Command } from 'commander'
import { type Finding, openChartFiles, verifyFiles } from './chart-files.ts'
import { chooseProjects } from './chosen-projects.ts'
import { formatTable } from './output.ts'
import type { Run } from './program.ts'
import { createProgressBar } from './progress-bar.ts'
import { reachStore } from './reach-store.ts'
import { readStoredIndex } from './stored-index.ts'

export function addVerifyCommand(program: Command, run: Run): void {
  program
    .command('verify [project...]')
    .description(
      'read every package and compare it with the index; exit code 1: something is wrong',
    )
    .action(
      run(async (context, names: string[]) => {
        const { config, env, log, output, checkInterrupted, noteProblems, closeLater } = context
        const projects = await chooseProjects(await context.openDatabase(), names)
        const files = await openChartFiles(config, env, log)
        const { store, name } = await reachStore(context)
        output.note(`packages in ${files.name}, index of ${name}`)
        const bar = createProgressBar('packages')
        closeLater(async () => bar.stop())
        let packages = 0
        const findings: ({ project: string } & Finding)[] = []
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
        if (findings.length > 0) noteProblems()
        output.result(
          { projects: projects.length, packages, findings },
          describe(packages, findings),
        )
      }),
    )
}

function describe(packages: number, findings: readonly ({ project: string } & Finding)[]): string {
  if (findings.length === 0) return `${packages} packages are as the index says`
  const rows = findings.map(({ project, kind, fileName, message }) => [
    `${project}/${fileName}`,
    kind,
    message,
  ])
  return formatTable(['FILE', 'WRONG', 'WHY'], rows)
}
