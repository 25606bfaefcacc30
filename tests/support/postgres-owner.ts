import { pino } from 'pino'
import { startEmbeddedPostgres } from '../../gateway/postgres/embedded.ts'
import { runService } from '../../service/run.ts'

/** A process that owns the embedded Postgres of a DATA_DIR and does nothing else: to be killed. */
await runService(async () => {
  const log = pino({ level: 'silent' })
  const postgres = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', log })
  process.stdout.write('ready\n')
  // only a signal ends it
  const staying = setInterval(() => undefined, 60_000)
  return {
    stop: async () => {
      clearInterval(staying)
      await postgres.stop()
    },
  }
})
