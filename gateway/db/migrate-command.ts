import { createLogger } from '../../service/log.ts'
import { runService } from '../../service/run.ts'
import { loadGatewayConfig } from '../config.ts'
import { startEmbeddedPostgres } from '../postgres/embedded.ts'
import { connectDatabase } from './connect.ts'
import { migrate } from './migrate.ts'

/** `npm run db:migrate`: what the gateway does at its start, alone; on DATABASE_URL, or the embedded Postgres of DATA_DIR. */
async function run(): Promise<undefined> {
  const { databaseUrl, dataDir, logLevel } = loadGatewayConfig(process.env)
  const log = createLogger(logLevel)
  const embedded =
    databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir, log }) : undefined
  try {
    const db = await connectDatabase(embedded?.connection ?? { connectionString: databaseUrl }, log)
    try {
      await migrate(db, log)
    } finally {
      await db.close()
    }
  } finally {
    await embedded?.stop()
  }
  log.info('the database is at the newest migration')
}

await runService(run)
