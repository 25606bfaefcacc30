import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type ConnectionConfig, connectDatabase } from '../../gateway/db/connect.ts'
import type { Database } from '../../gateway/db/database.ts'
import { migrate } from '../../gateway/db/migrate.ts'
import { findPostgresBinaries } from '../../gateway/postgres/binaries.ts'
import { prepareCluster } from '../../gateway/postgres/cluster.ts'
import { makeDirectories } from '../../gateway/postgres/directories.ts'
import { choosePostgresUser } from '../../gateway/postgres/identity.ts'
import { maintenanceConnection, reachServer } from '../../gateway/postgres/probe.ts'
import { eventually } from './eventually.ts'

/** A Postgres for tests, with a migrated database to clone. */
export interface TestPostgres {
  admin: Database
  template: string
  connectTo: (database: string) => ConnectionConfig
  close: () => Promise<void>
}

const quiet = pino({ level: 'silent' })

/** The one that {@link shareTestPostgres} has started, that of TEST_DATABASE_URL, or one of its own. */
export function openTestPostgres(): Promise<TestPostgres> {
  const { TEST_SHARED_POSTGRES: shared, TEST_DATABASE_URL: url } = process.env
  if (shared !== undefined) return openShared(shared)
  return url === undefined ? startOwn() : openByUrl(url)
}

/** Starts one for all processes that this one starts from now on. */
export async function shareTestPostgres(): Promise<TestPostgres> {
  const postgres = await openTestPostgres()
  const { template, connectTo } = postgres
  process.env.TEST_SHARED_POSTGRES = JSON.stringify({ connection: connectTo(template), template })
  return postgres
}

async function openShared(text: string): Promise<TestPostgres> {
  const { connection, template } = JSON.parse(text) as {
    connection: ConnectionConfig
    template: string
  }
  const connectTo = (database: string) => ({ ...connection, database })
  const admin = await connectDatabase(connectTo('postgres'), quiet)
  return { admin, template, connectTo, close: () => admin.close() }
}

async function openByUrl(url: string): Promise<TestPostgres> {
  const connectTo = (database: string) => {
    const target = new URL(url)
    target.pathname = `/${database}`
    return { connectionString: target.href }
  }
  const admin = await connectDatabase({ connectionString: url }, quiet)
  const template = await makeTemplate(admin, connectTo)
  return {
    admin,
    template,
    connectTo,
    close: async () => {
      await admin.query(`drop database ${template} with (force)`)
      await admin.close()
    },
  }
}

async function startOwn(): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartgate-test-'))
  const binaries = await findPostgresBinaries()
  const directories = await makeDirectories(dataDir)
  const spawnPostgres = await choosePostgresUser(directories)
  await prepareCluster(directories, binaries, spawnPostgres)
  const settings = {
    listen_addresses: '',
    unix_socket_directories: directories.socket,
    max_connections: '200',
    // Creating and dropping a database waits for the disk otherwise. What must survive a crash is tested elsewhere.
    fsync: 'off',
    full_page_writes: 'off',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawnPostgres(binaries.postgres, ['-D', directories.data, ...options], {
    stdio: 'ignore',
  })
  const ended = once(server, 'exit')
  await eventually(async () => {
    const client = await reachServer(directories.socket)
    assert.ok(typeof client === 'object', String(client))
    await client.end()
  })

  const connectTo = (database: string) => ({
    ...maintenanceConnection(directories.socket),
    database,
  })
  const admin = await connectDatabase(connectTo('postgres'), quiet)
  return {
    admin,
    template: await makeTemplate(admin, connectTo),
    connectTo,
    close: async () => {
      await admin.close()
      server.kill('SIGINT')
      await ended
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function makeTemplate(
  admin: Database,
  connectTo: TestPostgres['connectTo'],
): Promise<string> {
  const name = `chartgate_test_template_${process.pid}`
  await admin.query(`create database ${name}`)
  const template = await connectDatabase(connectTo(name), quiet)
  await migrate(template, quiet)
  await template.close()
  return name
}
