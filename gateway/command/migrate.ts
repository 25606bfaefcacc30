import type { Command } from 'commander'
import { migrate } from '../db/migrate.ts'
import type { Run } from './program.ts'

export function addMigrateCommand(program: Command, run: Run): void {
  program
    .command('migrate')
    .description('bring the database to the newest migration, and make one where there is none')
    .action(
      run(async ({ openDatabase, output, log }) => {
        await migrate(await openDatabase({ isForMigration: true }), log)
        output.result({ isMigrated: true }, 'the database is at the newest migration')
      }),
    )
}
