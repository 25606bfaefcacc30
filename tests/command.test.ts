import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readPostmasterPid } from '../gateway/postgres/postmaster-pid.ts'
import { ADMIN, basicAuth } from './support/accounts.ts'
import { buildChart } from './support/chart-package.ts'
import { readChartgate, runChartgate, runChartgateProcess } from './support/chartgate-command.ts'
import { mustRun, runCommand } from './support/command.ts'
import { createTestDatabase, toUrl } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'
import { makeDataDir, startChartgate, startGatewayProcess } from './support/running-chartgate.ts'
import { readShellBlocks } from './support/shell-blocks.ts'

const PASSWORD = 'Passw0rd:1'

/** A gateway's variables: a database of its own, at the newest migration, and storage. */
async function makeEnv(t: TestContext) {
  const { connection, db } = await createTestDatabase(t)
  const env = { DATABASE_URL: toUrl(connection), DATA_DIR: await makeFolder(t) }
  const run = (args: string, input?: string) => runChartgate(args.split(' '), env, input)
  const read = (args: string, input = '') => readChartgate(args.split(' '), env, { input })
  return { env, db, run, read }
}

const dataOf = (dataDir: string) => join(dataDir, 'postgres', 'data')

test('without a gateway a command starts the Postgres of DATA_DIR, and stops it when it is done', async (t) => {
  const dataDir = await makeDataDir(t)
  const env = { DATA_DIR: dataDir }
  const early = await runChartgate(['user', 'list'], env)
  assert.equal(early.status, 78)
  assert.match(
    early.stderr,
    /there is no Chartgate in DATA_DIR .*chartgate migrate makes a new one/,
  )
  assert.equal(existsSync(dataOf(dataDir)), false)

  assert.equal((await runChartgate(['migrate'], env)).status, 0)
  assert.equal(await readPostmasterPid(dataOf(dataDir)), undefined)
  assert.match(await mustRunChartgate(['user', 'list'], env), /^ID +NAME.*\n1 +admin /)
  assert.equal(await readPostmasterPid(dataOf(dataDir)), undefined)
})

async function mustRunChartgate(args: string[], env: Record<string, string>): Promise<string> {
  const { status, stdout, stderr } = await runChartgate(args, env)
  assert.equal(status, 0, stderr)
  return stdout
}

test('beside a running gateway a command works on its Postgres and its store, and the gateway knows', async (t) => {
  const gateway = await startChartgate(t)
  const env = { DATA_DIR: gateway.dataDir }
  const postmaster = await readPostmasterPid(dataOf(gateway.dataDir))
  const read = (args: string, input = '') => readChartgate(args.split(' '), env, { input })
  const get = (path: string, username: string, password: string) =>
    fetch(`${gateway.url}${path}`, { headers: basicAuth({ username, password }) })

  await read('project create team')
  await read('user create bob --email bob@example.com --password-stdin', PASSWORD)
  const becomes = (status: number, password: string) =>
    eventually(async () => {
      const answer = await get('/chartrepo/team/index.yaml', 'bob', password)
      assert.equal(answer.status, status)
    })
  await becomes(403, PASSWORD)
  await read('project member add team bob --role developer')
  await becomes(200, PASSWORD)
  await read('user password bob --password-stdin', 'Another0ne\n')
  await becomes(401, PASSWORD)
  await becomes(200, 'Another0ne')

  const uploaded = await fetch(`${gateway.url}/api/chartrepo/team/charts`, {
    method: 'POST',
    body: new Blob([await buildChart({ name: 'a', version: '1.0.0' })]),
    headers: { ...basicAuth(ADMIN), 'content-type': 'application/octet-stream' },
  })
  assert.equal(uploaded.status, 201)
  const refused = await runChartgate(['project', 'delete', 'team'], env)
  assert.deepEqual([refused.status, refused.stdout], [1, ''])
  assert.match(refused.stderr, /the project contains helm charts, can not be deleted/)

  assert.equal(await readPostmasterPid(dataOf(gateway.dataDir)), postmaster)
  assert.equal((await get('/api/v2.0/users/current', ADMIN.username, ADMIN.password)).status, 200)
})

test('commands that come at once without a gateway take turns at the Postgres of DATA_DIR', async (t) => {
  const dataDir = await makeDataDir(t)
  const env = { DATA_DIR: dataDir }
  await mustRunChartgate(['migrate'], env)
  const runs = [1, 2, 3].map((n) => runChartgateProcess(['project', 'create', `p${n}`], env))
  for (const { status, stderr } of await Promise.all(runs)) assert.equal(status, 0, stderr)
  assert.equal(await readPostmasterPid(dataOf(dataDir)), undefined)
  const projects = (await readChartgate(['project', 'list'], env)) as { name: string }[]
  assert.deepEqual(
    projects.map(({ name }) => name),
    ['library', 'p1', 'p2', 'p3'],
  )
})

test('a database that lacks a migration is not touched, and the sentence says what to do', async (t) => {
  const { db, run } = await makeEnv(t)
  await db.query(
    'delete from schema_migrations where version = (select max(version) from schema_migrations)',
  )
  const { status, stderr } = await run('user list')
  assert.equal(status, 78)
  assert.match(stderr, /the database lacks \d{4}_\w+: run npx chartgate migrate/)
})

test('users are created, listed, promoted, demoted and deleted by the rules of the API', async (t) => {
  const { run, read } = await makeEnv(t)
  const create = 'user create bob --email bob@example.com --password-stdin'
  assert.deepEqual(await read(create, `${PASSWORD}\n`), { id: 2, username: 'bob' })
  const list = async () =>
    ((await read('user list')) as Record<string, unknown>[]).map(
      ({ username, email, realname, isSystemAdmin }) => [username, email, realname, isSystemAdmin],
    )
  const admin = ['admin', 'admin@example.com', 'system admin', true]
  assert.deepEqual(await list(), [admin, ['bob', 'bob@example.com', 'bob', false]])
  await read('user promote bob')
  assert.deepEqual((await list())[1]?.[3], true)
  await read('user demote bob')
  assert.deepEqual((await list())[1]?.[3], false)

  for (const [args, input, status, text] of [
    [create, PASSWORD, 1, /user bob already exists/],
    [create.replace('bob', 'b:b'), PASSWORD, 64, /username contains illegal characters/],
    [create.replace('bob', 'eve'), 'weak', 64, /the password or secret must be 8-128/],
    ['user create eve --email nowhere --password-stdin', PASSWORD, 64, /email with illegal format/],
    ['user demote admin', '', 1, /User with ID 1 cannot be updated/],
    ['user delete admin', '', 1, /User with ID 1 cannot be deleted/],
    ['user promote nobody', '', 1, /there is no user nobody/],
  ] as const) {
    const refused = await run(args, input)
    assert.deepEqual([refused.status, refused.stdout], [status, ''], args)
    assert.match(refused.stderr, text)
    assert.doesNotMatch(refused.stderr, /^\s+at /m)
  }
  await read('user delete bob')
  assert.deepEqual(await list(), [admin])
})

test('a password on the command line is taken with a warning, and never printed', async (t) => {
  const { run } = await makeEnv(t)
  const made = await run(`user create bob --email bob@example.com --password ${PASSWORD}`)
  assert.equal(made.status, 0)
  assert.match(made.stderr, /warning: the command line shows the password/)
  assert.ok(!`${made.stdout}${made.stderr}`.includes(PASSWORD))
  const unasked = await run('user password bob')
  assert.equal(unasked.status, 64)
  assert.match(unasked.stderr, /no terminal to ask for the password: use --password-stdin/)
  const both = await run(`user password bob --password ${PASSWORD} --password-stdin`)
  assert.equal(both.status, 64)
})

/** The command on a terminal, where what is typed is answered to. */
async function onTerminal(
  args: string,
  env: Record<string, string>,
  answers: readonly (readonly [prompt: string, keys: string])[],
): Promise<{ status: number | null; shown: string }> {
  const command = `${process.execPath} gateway/command/main.ts ${args}`
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: PROJECT_FOLDER,
    env: { PATH: process.env.PATH, ...env },
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const ended = once(child, 'close')
  let seen = 0
  for (const [prompt, keys] of answers) {
    await eventually(() => assert.ok(shown.indexOf(prompt, seen) >= 0, shown))
    seen = shown.indexOf(prompt, seen) + prompt.length
    child.stdin.write(keys)
  }
  await ended
  return { status: child.exitCode, shown }
}

const noTerminal = process.platform !== 'linux' && 'needs the script of util-linux'

test('on a terminal the password is asked for twice, and not shown', {
  skip: noTerminal,
}, async (t) => {
  const { env, read } = await makeEnv(t)
  await read('user create bob --email bob@example.com --password-stdin', PASSWORD)
  const changed = await onTerminal('user password bob', env, [
    ['New password: ', 'Typed0nce:1\r'],
    ['The same again: ', 'Typed0nce:1\r'],
  ])
  assert.equal(changed.status, 0, changed.shown)
  assert.ok(!changed.shown.includes('Typed0nce'), changed.shown)
  const differ = await onTerminal('user password bob', env, [
    ['New password: ', 'Typed0nce:1\r'],
    ['The same again: ', 'Typed0nce:2\r'],
  ])
  assert.equal(differ.status, 64)
  assert.match(differ.shown, /the two passwords differ: nothing was changed/)
})

test('Ctrl-C at the prompt changes nothing, and leaves no Postgres behind', {
  skip: noTerminal,
}, async (t) => {
  const dataDir = await makeDataDir(t)
  await mustRunChartgate(['migrate'], { DATA_DIR: dataDir })
  const { status, shown } = await onTerminal('user password admin', { DATA_DIR: dataDir }, [
    ['New password: ', '\x03'],
  ])
  assert.equal(status, 130, shown)
  assert.equal(await readPostmasterPid(dataOf(dataDir)), undefined)
})

test('projects and members are made by the rules of the API', async (t) => {
  const { run, read } = await makeEnv(t)
  await read('user create bob --email bob@example.com --password-stdin', PASSWORD)
  await read('project create open --public --owner bob')
  await read('project create closed')
  const projects = (await read('project list')) as Record<string, unknown>[]
  assert.deepEqual(
    projects.map(({ name, owner, isPublic }) => [name, owner, isPublic]),
    [
      ['closed', 'admin', false],
      ['library', 'admin', true],
      ['open', 'bob', true],
    ],
  )
  for (const [args, status, text] of [
    ['project create Upper', 64, /project name is not in lower case/],
    ['project create open', 1, /The project named open already exists/],
    ['project create x --owner eve', 1, /there is no user eve/],
    [
      'project member add closed bob --role king',
      64,
      /there is no role king: use one of projectAdmin/,
    ],
    ['project member remove closed bob', 1, /bob is no member of closed/],
  ] as const) {
    const refused = await run(args)
    assert.equal(refused.status, status, args)
    assert.match(refused.stderr, text)
  }
  await read('project member add closed bob')
  assert.match((await run('project member add closed bob')).stderr, /already exist/)
  await read('project member remove closed bob')
  await read('project delete closed')
  assert.match((await run('project delete closed')).stderr, /there is no project closed/)
})

test('a robot is created, refreshed, disabled, enabled and deleted, and its secret works meanwhile', async (t) => {
  const { env, run, read } = await makeEnv(t)
  const { url } = await startGatewayProcess(t, env)
  const made = (await read('robot create ci --project library --allow pull push')) as Robot
  assert.equal(made.name, 'robot$library+ci')
  const becomes = (status: number, secret: string) =>
    eventually(async () => {
      const headers = basicAuth({ username: made.name, password: secret })
      const answer = await fetch(`${url}/chartrepo/library/index.yaml`, { headers })
      assert.equal(answer.status, status)
    })
  await becomes(200, made.secret)
  const { secret } = (await read('robot refresh library+ci')) as Robot
  await becomes(401, made.secret)
  await becomes(200, secret)
  await read('robot disable robot$library+ci')
  await becomes(401, secret)
  await read('robot enable library+ci')
  await becomes(200, secret)
  const [listed] = (await read('robot list --project library')) as Record<string, unknown>[]
  assert.equal(listed?.name, made.name)
  assert.ok(!JSON.stringify(listed).includes('secret'))
  for (const [args, status, text] of [
    ['robot create ci --allow pull', 64, /either --project <name> or --all-projects/],
    ['robot create ci --project library --allow fly', 64, /bad request permission: fly:/],
    ['robot create ci --project library --allow pull', 1, /robot ci already exists/],
    ['robot refresh nobody', 1, /there is no robot robot\$nobody/],
  ] as const) {
    const refused = await run(args)
    assert.equal(refused.status, status, args)
    assert.match(refused.stderr, text)
  }
  await read('robot delete library+ci')
  await becomes(401, secret)
})

interface Robot {
  name: string
  secret: string
}

test('what is not usable is one sentence and its exit code: 64 usage, 69 unavailable, 78 configuration', async (t) => {
  const dataDir = await makeFolder(t)
  for (const [args, env, status, text] of [
    [['fly'], {}, 64, /unknown command 'fly'/],
    [['user'], {}, 64, /Usage: chartgate user/],
    [['user', 'list', '--fly'], {}, 64, /unknown option '--fly'/],
    [['user', 'list'], { DATABASE_URL: 'postgres://localhost:1/x' }, 69, /cannot be reached/],
    [
      ['user', 'list'],
      { PORT: 'x', DATA_DIR: dataDir },
      78,
      /^chartgate: the configuration has a fault:\n {2}PORT/,
    ],
    [['--help'], {}, 0, /^$/],
  ] as const) {
    const result = await runChartgate(args, env)
    assert.equal(result.status, status, result.stderr)
    assert.match(result.stderr, text)
    assert.doesNotMatch(result.stderr, /^\s+at /m)
  }
})

test('the lines of the README\'s section "Administer" work as they stand', async (t) => {
  const { run } = await makeEnv(t)
  const [block = ''] = await readShellBlocks('README.md', 'Administer')
  const lines = block.split('\n').filter((line) => line !== '')
  for (const line of lines) {
    const [, args = '', input] =
      /^npx chartgate (.*?)( < password\.txt)? *(?:#.*)?$/.exec(line) ?? []
    const { status, stderr } = await run(args, input === undefined ? '' : PASSWORD)
    assert.equal(status, 0, `${line}\n${stderr}`)
  }
  assert.ok(lines.length > 5)
})

test('it does not matter to a command whether its output is read to the end', async (t) => {
  const { env } = await makeEnv(t)
  const shell = `${process.execPath} gateway/command/main.ts user list | true; echo $\{PIPESTATUS[0]}`
  const { PATH } = process.env
  const told = await mustRun('bash', ['-c', shell], { cwd: PROJECT_FOLDER, env: { PATH, ...env } })
  assert.equal(told, '0\n')
})

test('npx chartgate runs it on the Node that npm installed, whatever the machine has', async () => {
  const launcher = join(PROJECT_FOLDER, 'bin', 'chartgate.js')
  for (const node of [process.execPath, ...findOtherNodes()]) {
    const { status, stderr } = await runCommand(node, [launcher, 'fly'])
    assert.deepEqual([status, stderr], [64, "error: unknown command 'fly'\n"], node)
  }
})

/** Of the machine, not of npm. */
function findOtherNodes(): string[] {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .filter((file) => existsSync(file))
}
