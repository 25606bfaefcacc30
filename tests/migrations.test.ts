import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { type ConnectionConfig, connectDatabase } from '../gateway/db/connect.ts'
import type { Database } from '../gateway/db/database.ts'
import { dumpSchema } from '../gateway/db/dump-schema.ts'
import { migrate } from '../gateway/db/migrate.ts'
import { MIGRATIONS_DIR, type Migration, readMigrations } from '../gateway/db/migration-files.ts'
import { StartError } from '../service/start-error.ts'
import { createEmptyDatabase, createTestDatabase } from './support/database.ts'

const quiet = pino({ level: 'silent' })

async function connect(t: TestContext, connection: ConnectionConfig): Promise<Database> {
  const db = await connectDatabase(connection, quiet)
  t.after(() => db.close())
  return db
}

const migration = (version: number, sql: string): Migration => ({
  version,
  name: `m${version}`,
  sql,
  checksum: sql,
})

const isStartError = (pattern: RegExp) => (error: Error) =>
  error instanceof StartError && pattern.test(error.message)

test('three processes that start at once on an empty database all succeed', async (t) => {
  const connection = await createEmptyDatabase(t)
  const pools = await Promise.all([1, 2, 3].map(() => connect(t, connection)))
  await Promise.all(pools.map((db) => migrate(db, quiet)))
  const known = await readMigrations()
  for (const db of pools) {
    const applied = await db.query(
      'select version, name, checksum from schema_migrations order by 1',
    )
    assert.deepEqual(
      applied.rows,
      known.map(({ version, name, checksum }) => ({ version, name, checksum })),
    )
  }
})

test('a migration runs once, and the next start has nothing to do', async (t) => {
  const db = await connect(t, await createEmptyDatabase(t))
  const migrations = [migration(1, 'create table one ()'), migration(2, 'create table two ()')]
  await migrate(db, quiet, migrations)
  await migrate(db, quiet, migrations)
  await migrate(db, quiet, [...migrations, migration(3, 'create table three ()')])
  const applied = await db.query('select version from schema_migrations order by 1')
  assert.deepEqual(applied.rows, [{ version: 1 }, { version: 2 }, { version: 3 }])
})

test('a migration that fails leaves nothing behind, keeps those before it, and is named', async (t) => {
  const db = await connect(t, await createEmptyDatabase(t))
  const broken = migration(2, 'create table two (); select * from missing')
  await assert.rejects(
    migrate(db, quiet, [migration(1, 'create table one ()'), broken]),
    isStartError(/^migration 0002_m2 failed: relation "missing" does not exist$/),
  )
  const found = await db.query(
    `select to_regclass('one') is not null as one, to_regclass('two') as two`,
  )
  assert.deepEqual(found.rows, [{ one: true, two: null }])
})

test('a migration that was edited after it was applied is refused', async (t) => {
  const db = await connect(t, await createEmptyDatabase(t))
  await migrate(db, quiet, [migration(1, 'create table one ()')])
  await assert.rejects(
    migrate(db, quiet, [migration(1, 'create table uno ()')]),
    isStartError(/^migration 0001_m1 was edited/),
  )
})

test('a database that a newer Chartgate has migrated is refused', async (t) => {
  const db = await connect(t, await createEmptyDatabase(t))
  const migrations = [migration(1, 'create table one ()'), migration(2, 'create table two ()')]
  await migrate(db, quiet, migrations)
  await assert.rejects(
    migrate(db, quiet, migrations.slice(0, 1)),
    isStartError(/migration 0002_m2, which this Chartgate does not know/),
  )
})

test('line ends that a checkout has turned do not count as an edit', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'chartgate-migrations-'))
  t.after(() => rm(directory, { recursive: true }))
  for (const name of await readdir(MIGRATIONS_DIR)) {
    const text = await readFile(join(MIGRATIONS_DIR, name), 'utf8')
    await writeFile(join(directory, name), text.replaceAll('\n', '\r\n'))
  }
  assert.deepEqual(await readMigrations(directory), await readMigrations())
})

test('only numbered files are migrations, in the order of their numbers', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'chartgate-migrations-'))
  t.after(() => rm(directory, { recursive: true }))
  const first = join(directory, '0001_first.sql')
  await writeFile(first, 'select 1')
  for (const name of ['0010_tenth.sql', '0002_second.sql', 'schema.sql', '0003_draft.sql.orig']) {
    await copyFile(first, join(directory, name))
  }
  const migrations = await readMigrations(directory)
  assert.deepEqual(
    migrations.map(({ version, name }) => `${version} ${name}`),
    ['1 first', '2 second', '10 tenth'],
  )
})

test('migrations/schema.sql is what the migrations make', async (t) => {
  const { db } = await createTestDatabase(t)
  const committed = await readFile(join(MIGRATIONS_DIR, 'schema.sql'), 'utf8')
  assert.equal(await dumpSchema(db), committed)
})

test('lines of the audit log that are there already are found by a part of their name', async (t) => {
  const db = await connect(t, await createEmptyDatabase(t))
  const known = await readMigrations()
  await migrate(
    db,
    quiet,
    known.filter(({ version }) => version < 12),
  )
  await db.query(
    `insert into audit_log (
       op_time, principal_kind, username, project_name, operation, resource, chart, version, status,
       request_id, source_address
     )
     select now(), 'anonymous', '', '', 'pull', 'library/chart-' || number % 3, '', '', 200, '', ''
     from generate_series(1, 10) number`,
  )
  await migrate(db, quiet, known)
  const { rows } = await db.query('select resource from audit_resources order by resource')
  assert.deepEqual(
    rows.map(({ resource }) => resource),
    ['library/chart-0', 'library/chart-1', 'library/chart-2'],
  )
})

test('a fresh database has the start data of Harbor', async (t) => {
  const { db } = await createTestDatabase(t)
  const users = await db.query('select id, username, is_system_admin from users')
  assert.deepEqual(users.rows, [{ id: 1, username: 'admin', is_system_admin: true }])
  const projects = await db.query(
    `select p.id, p.name, p.owner_id, m.value as public
     from projects p join project_metadata m on m.project_id = p.id and m.name = 'public'`,
  )
  assert.deepEqual(projects.rows, [{ id: 1, name: 'library', owner_id: 1, public: 'true' }])
  const roles = await db.query('select id, name from roles order by id')
  assert.deepEqual(
    roles.rows.map(({ id, name }) => `${id} ${name}`),
    ['1 projectAdmin', '2 developer', '3 guest', '4 maintainer', '5 limitedGuest'],
  )
})

test('the database itself refuses what would break access', async (t) => {
  const { db } = await createTestDatabase(t)
  const refused = [
    [`update users set is_system_admin = false where id = 1`, '23514'],
    [`update users set deleted_at = now() where id = 1`, '23514'],
    [`insert into projects (name, owner_id) values ('Upper', 1)`, '23514'],
    [`insert into projects (name, owner_id) values ('a--b', 1)`, '23514'],
    [`insert into projects (name, owner_id) values ('library', 1)`, '23505'],
    [`insert into projects (name, owner_id) values ('orphan', 99)`, '23503'],
    [`update project_metadata set value = 'yes' where name = 'public'`, '23514'],
    [`insert into project_members (project_id, user_id, role_id) values (1, 1, 1)`, '23505'],
    [`update project_members set role_id = 9`, '23503'],
  ]
  for (const [sql = '', code] of refused) {
    await assert.rejects(
      db.query(sql),
      (error: Error) => 'code' in error && error.code === code,
      sql,
    )
  }
})
