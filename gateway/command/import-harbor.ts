import type { Command } from 'commander'
import { connectDatabase } from '../db/connect.ts'
import { type HarborData, readHarbor } from '../harbor/harbor-database.ts'
import { importDatabase } from '../harbor/import-database.ts'
import { createRemarks } from '../harbor/remark.ts'
import type { CommandContext } from './context.ts'
import { UsageError } from './exit-code.ts'
import { type ImportCharts, prepareChecking, prepareCopying } from './import-charts.ts'
import { describeImport, type ImportReport } from './import-report.ts'
import type { Run } from './program.ts'
import { createProgressBar } from './progress-bar.ts'

interface ImportOptions {
  databaseUrl?: string
  storage?: string
  inPlace?: true
  apply?: true
  dryRun?: true
  withAdminPassword?: true
}

const HELP = `
Without --apply nothing is changed: it reads everything and tells what would come, what is here already, and what
cannot come. It may be run again at any time, also after it was interrupted: what has come does not come twice, and
what is here is never overwritten. Harbor's database is only read, in a read-only transaction.

A password in --database-url can be seen by others on this machine: HARBOR_DATABASE_URL takes the same.
`

export function addImportHarborCommand(program: Command, run: Run): void {
  program
    .command('import-harbor')
    .description(
      'take over users, projects, members, robots, labels and charts of a Harbor 1.6 to 2.7',
    )
    .option('--database-url <url>', "Harbor's database: postgres://user:password@host/registry")
    .option('--storage <path>', "Harbor's folder chart_storage, or an env file of its ChartMuseum")
    .option('--in-place', "this Chartgate's storage is Harbor's already: charts are only checked")
    .option('--dry-run', 'only tell what would be done (the default)')
    .option('--apply', 'do it')
    .option('--with-admin-password', "admin gets the password of Harbor's admin")
    .addHelpText('after', HELP)
    .action(
      run(async (context, options: ImportOptions) => {
        checkOptions(options)
        const isDry = options.apply !== true
        const db = await context.openDatabase()
        const importCharts = await prepareCharts(context, options, isDry)
        const harbor = await openHarbor(context, options)
        context.checkInterrupted()
        const remarks = createRemarks()
        const bar = createProgressBar('users')
        context.closeLater(async () => bar.stop())
        const { plan, imported } = await importDatabase({
          db,
          harbor,
          robotPrefix: context.config.robotNamePrefix,
          withAdminPassword: options.withAdminPassword === true,
          isDry,
          remarks,
          progress: {
            expect: bar.expect,
            onTaken: (users) => {
              bar.step(users)
              context.checkInterrupted()
            },
          },
        })
        bar.stop()
        const projects = plan.chartProjects
        const charts = await importCharts?.({ projects, harbor, imported, db, remarks })
        const report: ImportReport = { isDry, harbor, plan, charts, remarks: remarks.list() }
        if (report.remarks.some(({ kind }) => kind === 'problem')) context.noteProblems()
        context.output.result(...describeImport(report))
      }),
    )
}

/** undefined: charts were not asked for. */
async function prepareCharts(
  context: CommandContext,
  { storage, inPlace }: ImportOptions,
  isDry: boolean,
): Promise<ImportCharts | undefined> {
  if (storage !== undefined) return prepareCopying(context, storage, isDry)
  return inPlace ? prepareChecking(context) : undefined
}

function checkOptions({ apply, dryRun, storage, inPlace }: ImportOptions): void {
  if (apply && dryRun) throw new UsageError('--apply and --dry-run: give one of them')
  if (storage !== undefined && inPlace) {
    throw new UsageError('--storage and --in-place: give one of them')
  }
}

async function openHarbor(
  { env, log }: CommandContext,
  { databaseUrl }: ImportOptions,
): Promise<HarborData> {
  const connectionString = databaseUrl ?? env.HARBOR_DATABASE_URL
  if (!connectionString) {
    throw new UsageError(
      "where is Harbor's database? --database-url postgres://user:password@host/registry, or HARBOR_DATABASE_URL",
    )
  }
  const setting = databaseUrl === undefined ? 'HARBOR_DATABASE_URL' : '--database-url'
  const db = await connectDatabase({ connectionString }, log, setting)
  try {
    return await readHarbor(db)
  } finally {
    await db.close()
  }
}
