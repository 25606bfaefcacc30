import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../../service/log.ts'
import { runService } from '../../service/run.ts'
import { startEmbeddedPostgres } from '../postgres/embedded.ts'
import { connectDatabase } from './connect.ts'
import { dumpSchema } from './dump-schema.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS_DIR } from './migration-files.ts'

const SCHEMA_FILE = join(MIGRATIONS_DIR, 'schema.sql')

/** `npm run db:schema`: writes migrations/schema.sql. With `--check`: fails when it is not what the migrations make. */
async function run(): Promise<undefined> {
  const schema = await dumpMigratedSchema()
  if (!process.argv.includes('--check')) return void (await writeFile(SCHEMA_FILE, schema))
  const committed = await readFile(SCHEMA_FILE, 'utf8').catch(() => '')
  if (committed === schema) return
  process.stderr.write(
    `migrations/schema.sql is not what the migrations make: run npm run db:schema and commit it\n${diff(committed, schema)}\n`,
  )
  process.exitCode = 1
}

/** On a Postgres that is thrown away. */
async function dumpMigratedSchema(): Promise<string> {
  const log = createLogger('warn')
  const dataDir = await mkdtemp(join(tmpdir(), 'chartgate-schema-'))
  try {
    const postgres = await startEmbeddedPostgres({ dataDir, log })
    try {
      const db = await connectDatabase(postgres.connection, log)
      try {
        await migrate(db, log)
        return await dumpSchema(db)
      } finally {
        await db.close()
      }
    } finally {
      await postgres.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** What lies between the first and the last line that differ. */
function diff(before: string, after: string): string {
  const removed = before.split('\n')
  const added = after.split('\n')
  while (removed.length > 0 && added.length > 0 && removed[0] === added[0]) {
    removed.shift()
    added.shift()
  }
  while (removed.length > 0 && added.length > 0 && removed.at(-1) === added.at(-1)) {
    removed.pop()
    added.pop()
  }
  return [...removed.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)].join('\n')
}

await runService(run)
