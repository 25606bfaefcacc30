// Run by `npm test` around all test files: one Postgres for all of them. A file that is run by itself starts its own.
import { shareTestPostgres, type TestPostgres } from './test-postgres.ts'

let postgres: TestPostgres | undefined

export async function globalSetup(): Promise<void> {
  postgres = await shareTestPostgres()
}

export async function globalTeardown(): Promise<void> {
  await postgres?.close()
}
