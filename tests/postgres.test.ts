import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { type ConnectionConfig, connectDatabase } from '../gateway/db/connect.ts'
import { findPostgresBinaries, restoreSymlinks } from '../gateway/postgres/binaries.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../gateway/postgres/embedded.ts'
import { StartError } from '../service/start-error.ts'
import { eventually } from './support/eventually.ts'
import { findPostmaster, killPostgres } from './support/postgres-processes.ts'

const quiet = pino({ level: 'silent' })
const isRoot = process.getuid?.() === 0

let template: Promise<string> | undefined

/** A DATA_DIR that has been started and stopped once: initdb takes longer than all else here. */
async function makeTemplate(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartgate-pg-template-'))
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet })
  await postgres.stop()
  return dataDir
}

after(async () => {
  if (template !== undefined) await rm(await template, { recursive: true, force: true })
})

/** A DATA_DIR after its first start, removed when what `own` was given has ended. */
async function makeDataDir(t: TestContext) {
  template ??= makeTemplate()
  const source = join(await template, 'postgres')
  const made = await makeEmptyDataDir(t)
  const copy = spawn('cp', ['-a', source, made.dataDir])
  assert.deepEqual(await once(copy, 'exit'), [0, null])
  return made
}

/** A DATA_DIR without anything in it. */
async function makeEmptyDataDir(t: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartgate-pg-'))
  const owners: (() => Promise<unknown>)[] = []
  t.after(async () => {
    for (const end of owners) await end()
    await killPostgres(dataDir).catch(() => undefined)
    await rm(dataDir, { recursive: true, force: true })
  })
  return { dataDir, own: (end: () => Promise<unknown>) => owners.push(end) }
}

async function start(dataDir: string, own: (end: () => Promise<unknown>) => unknown) {
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet })
  let stopped = false
  const stop = async () => {
    if (!stopped) await postgres.stop()
    stopped = true
  }
  own(stop)
  return { connection: postgres.connection, stop }
}

async function run<Result>(
  connection: ConnectionConfig,
  work: (db: Awaited<ReturnType<typeof connectDatabase>>) => Promise<Result>,
): Promise<Result> {
  const db = await connectDatabase(connection, quiet)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

const remember = (postgres: Pick<EmbeddedPostgres, 'connection'>) =>
  run(postgres.connection, (db) =>
    db.query('create table kept as select 42 as answer').then(() => undefined),
  )

const recall = (postgres: Pick<EmbeddedPostgres, 'connection'>) =>
  run(postgres.connection, async (db) => (await db.query('select answer from kept')).rows)

function spawnOwner(
  dataDir: string,
): ChildProcess & { ended: Promise<{ code: number; said: string }> } {
  const child = spawn(process.execPath, ['tests/support/postgres-owner.ts', dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = Promise.all([once(child, 'close'), text(child.stderr)]).then(([[code], said]) => ({
    code,
    said,
  }))
  return Object.assign(child, { ended })
}

async function startOwner(dataDir: string, own: (end: () => Promise<unknown>) => unknown) {
  const owner = spawnOwner(dataDir)
  own(async () => {
    owner.kill('SIGKILL')
    await owner.ended
  })
  assert.ok(owner.stdout)
  const isReady = once(owner.stdout, 'data').then(() => true)
  assert.ok(await Promise.race([isReady, owner.ended.then(({ said }) => assert.fail(said))]))
  return owner
}

test('what is committed is there after a restart', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  const first = await start(dataDir, own)
  await remember(first)
  await first.stop()
  const second = await start(dataDir, own)
  assert.deepEqual(await recall(second), [{ answer: 42 }])
})

test('it listens on a socket in a private directory, and on no port', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  const { connection } = await start(dataDir, own)
  const shown = await run(connection, (db) => db.query('show listen_addresses'))
  assert.deepEqual(shown.rows, [{ listen_addresses: '' }])
  assert.equal(connection.host, join(dataDir, 'postgres', 'socket'))
})

test('it gets none of our environment, which holds passwords', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  process.env.CHARTGATE_TEST_SECRET = 'hush'
  await start(dataDir, own)
  const environment = await readFile(`/proc/${await findPostmaster(dataDir)}/environ`, 'utf8')
  assert.doesNotMatch(environment, /CHARTGATE_TEST_SECRET/)
})

test('Ctrl-C on the terminal does not reach it: it has a session of its own', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  await start(dataDir, own)
  const postmaster = await findPostmaster(dataDir)
  const stat = await readFile(`/proc/${postmaster}/stat`, 'utf8')
  const [, , , session] = stat.replace(/^.*\) /, '').split(' ')
  assert.equal(Number(session), postmaster)
})

test('when Postgres is killed, the same pool works again soon, and nothing committed is lost', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  const postgres = await start(dataDir, own)
  await remember(postgres)
  const db = await connectDatabase(postgres.connection, quiet)
  own(() => db.close())
  for (const _round of [1, 2]) {
    await killPostgres(dataDir)
    const found = await eventually(() => db.query('select answer from kept'))
    assert.deepEqual(found.rows, [{ answer: 42 }])
  }
})

test('after a kill -9 of the program, its Postgres lives on and the next start adopts it', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  const owner = await startOwner(dataDir, own)
  const postmaster = await findPostmaster(dataDir)
  owner.kill('SIGKILL')
  await owner.ended
  const postgres = await start(dataDir, own)
  assert.equal(await findPostmaster(dataDir), postmaster)
  await remember(postgres)
  await postgres.stop()
  await assert.rejects(findPostmaster(dataDir), /no Postgres/)
})

test('after a kill -9 of the program and of Postgres, the next start recovers', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  const owner = await startOwner(dataDir, own)
  await remember({ connection: connectionOf(dataDir) })
  owner.kill('SIGKILL')
  await killPostgres(dataDir)
  await owner.ended
  assert.deepEqual(await recall(await start(dataDir, own)), [{ answer: 42 }])
})

const connectionOf = (dataDir: string): ConnectionConfig => ({
  host: join(dataDir, 'postgres', 'socket'),
  user: 'postgres',
  database: 'chartgate',
})

test('of two starts on one DATA_DIR the second refuses and names the first, which goes on', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  const first = await start(dataDir, own)
  const second = await spawnOwner(dataDir).ended
  assert.equal(second.code, 78)
  assert.match(
    second.said,
    new RegExp(
      `DATA_DIR ${dataDir} is in use by another Chartgate \\(process ${process.pid}\\): .*\n$`,
    ),
  )
  await remember(first)
})

test('of two first starts at the same moment one succeeds and one refuses', async (t) => {
  const { dataDir, own } = await makeEmptyDataDir(t)
  const owners = [spawnOwner(dataDir), spawnOwner(dataDir)]
  own(async () => {
    for (const owner of owners) owner.kill('SIGTERM')
    await Promise.all(owners.map((owner) => owner.ended))
  })
  const refused = await Promise.race(owners.map((owner) => owner.ended))
  assert.equal(refused.code, 78)
  assert.match(refused.said, /is in use by another Chartgate/)
  await eventually(() => remember({ connection: connectionOf(dataDir) }))
  assert.deepEqual((await readdir(join(dataDir, 'postgres'))).sort(), [
    'data',
    'server.log',
    'socket',
  ])
})

test('a postmaster.pid whose number another program now has does not block the start', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  const first = await start(dataDir, own)
  await remember(first)
  await first.stop()
  const stranger = spawn('sleep', ['600'])
  own(async () => stranger.kill())
  const data = join(dataDir, 'postgres', 'data')
  await writeFile(join(data, 'postmaster.pid'), `${stranger.pid}\n${data}\n1\n5432\n`, {
    mode: 0o600,
  })
  assert.deepEqual(await recall(await start(dataDir, own)), [{ answer: 42 }])
})

test('a first start that was killed leaves nothing half-made', async (t) => {
  const { dataDir, own } = await makeEmptyDataDir(t)
  const left = join(dataDir, 'postgres', 'initdb-1')
  await mkdir(join(dataDir, 'postgres'), { mode: 0o700 })
  await mkdir(left)
  await writeFile(join(left, 'PG_VERSION'), '18\n')
  await remember(await start(dataDir, own))
  assert.deepEqual((await readdir(join(dataDir, 'postgres'))).sort(), [
    'data',
    'server.log',
    'socket',
  ])
})

test('a DATA_DIR too deep for a socket gets one in the temporary directory, the same at each start', async (t) => {
  const { dataDir, own } = await makeEmptyDataDir(t)
  const deep = join(dataDir, 'd'.repeat(100))
  const first = await start(deep, own)
  assert.ok(first.connection.host?.startsWith(join(tmpdir(), 'chartgate-')))
  own(() => rm(first.connection.host ?? '', { recursive: true }))
  await first.stop()
  const second = await start(deep, own)
  assert.equal(second.connection.host, first.connection.host)
})

test('a socket directory that somebody else could enter is refused', async (t) => {
  const { dataDir } = await makeEmptyDataDir(t)
  await mkdir(join(dataDir, 'postgres'), { mode: 0o700 })
  await mkdir(join(dataDir, 'postgres', 'socket'), { mode: 0o755 })
  await assert.rejects(
    startEmbeddedPostgres({ dataDir, log: quiet }),
    (error: Error) => error instanceof StartError && /not a private directory/.test(error.message),
  )
})

test('a DATA_DIR that cannot be written is told in one line', async (t) => {
  const { dataDir } = await makeEmptyDataDir(t)
  const occupied = join(dataDir, 'file')
  await writeFile(occupied, '')
  await assert.rejects(
    startEmbeddedPostgres({ dataDir: occupied, log: quiet }),
    (error: Error) =>
      error instanceof StartError &&
      error.message.startsWith(`DATA_DIR ${occupied} cannot be written`),
  )
})

test('a cluster that Postgres cannot run ends the start with what Postgres said', async (t) => {
  const { dataDir, own } = await makeDataDir(t)
  const first = await start(dataDir, own)
  await first.stop()
  await writeFile(join(dataDir, 'postgres', 'data', 'PG_VERSION'), '12\n')
  await assert.rejects(
    startEmbeddedPostgres({ dataDir, log: quiet }),
    (error: Error) =>
      error instanceof StartError &&
      /does not start: .*incompatible with server/.test(error.message),
  )
})

test('a platform without an embedded Postgres is told to set DATABASE_URL', async () => {
  await assert.rejects(
    findPostgresBinaries('sunos', 'sparc'),
    (error: Error) => error instanceof StartError && /set DATABASE_URL/.test(error.message),
  )
})

test('the symlinks that an install without scripts leaves out are made', async (t) => {
  const { dataDir: root } = await makeEmptyDataDir(t)
  const { postgres } = await findPostgresBinaries()
  const native = dirname(dirname(postgres))
  const listing = join(native, 'pg-symlinks.json')
  await mkdir(join(root, 'native', 'lib'), { recursive: true })
  await copyFile(listing, join(root, 'native', 'pg-symlinks.json'))
  await Promise.all([restoreSymlinks(root), restoreSymlinks(root)])
  const links = (await readdir(join(native, 'lib'), { withFileTypes: true })).filter((entry) =>
    entry.isSymbolicLink(),
  )
  assert.ok(links.length > 0)
  for (const { name } of links) {
    const made = await readlink(join(root, 'native', 'lib', name))
    assert.equal(made, await readlink(join(native, 'lib', name)))
  }
})

test('as root it runs as the owner of its files', { skip: !isRoot && 'needs root' }, async (t) => {
  const { dataDir, own } = await makeEmptyDataDir(t)
  await chown(dataDir, 65534, 65534)
  await mkdir(join(dataDir, 'postgres'), { mode: 0o700 })
  await chown(join(dataDir, 'postgres'), 65534, 65534)
  await remember(await start(dataDir, own))
  const status = await readFile(`/proc/${await findPostmaster(dataDir)}/status`, 'utf8')
  assert.match(status, /^Uid:\t65534\t/m)
})
