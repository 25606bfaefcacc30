import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Database } from '../gateway/db/database.ts'
import { ADMIN, basicAuth } from './support/accounts.ts'
import { buildChart } from './support/chart-package.ts'
import { readChartgate, runChartgate, startChartgateProcess } from './support/chartgate-command.ts'
import { createEmptyDatabase, createTestDatabase, toUrl } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'
import { createHarborDatabase } from './support/harbor-database.ts'
import { startGatewayProcess } from './support/running-chartgate.ts'
import { listProjectKeys, putObject, startS3Server } from './support/s3-server.ts'
import { listSharedCharts, skipWithoutCharts } from './support/shared-charts.ts'

interface Counts {
  new: number
  kept: number
  known: number
  leftOut: number
}

interface Report {
  isDryRun: boolean
  harbor: { version: string; authMode: string }
  users: Counts
  groups: Counts
  projects: Counts
  members: Counts
  robots: Counts
  labels: Counts
  chartLabels: Counts
  charts?: Counts & { bytes: number }
  remarks: { kind: string; what: string; message: string }[]
}

const SECRET = 'R0bot-secret-of-Harbor'

/** A Harbor with a bit of everything, and its folder of charts; and a Chartgate that is new. */
async function makeMove(t: TestContext, version: '1.7' | '2.7' = '2.7') {
  const harbor = await createHarborDatabase(t, version)
  const storage = await makeFolder(t)
  const { connection, db } = await createTestDatabase(t)
  const dataDir = await makeFolder(t)
  const env = { DATABASE_URL: toUrl(connection), DATA_DIR: dataDir }
  const base = ['import-harbor', '--database-url', harbor.url]
  const run = (args: string[], status = 0) =>
    readChartgate([...base, ...args], env, { status }) as Promise<Report>
  const addChart = async (project: string, name: string, version: string) => {
    await mkdir(join(storage, project), { recursive: true })
    const file = join(storage, project, `${name}-${version}.tgz`)
    await writeFile(file, await buildChart({ name, version }))
    return file
  }
  const listOurs = async (project: string) =>
    (await readdir(join(dataDir, 'charts', project)).catch(() => []))
      .filter((name) => /\.tgz(\.prov)?$/.test(name))
      .sort()
  return { harbor, storage, env, db, dataDir, base, run, addChart, listOurs }
}

async function fillHarbor({ harbor }: Pick<Awaited<ReturnType<typeof makeMove>>, 'harbor'>) {
  const bob = await harbor.addUser({ name: 'bob', password: 'Bobs-Passw0rd' })
  const eve = await harbor.addUser({ name: 'eve', password: 'Eves-Passw0rd', isAdmin: true })
  const team = await harbor.addProject('team', bob, { public: 'false', auto_scan: 'true', x: 'y' })
  await harbor.addProject('open', eve, { public: 'true' })
  await harbor.addMember(team, 'u', bob, 1)
  await harbor.addMember(team, 'u', eve, 3)
  const stable = await harbor.addLabel('stable', team)
  await harbor.addLabel('everywhere')
  await harbor.addChartLabel(stable, 'team/a:1.0.0+build.1')
  return { bob, eve, team, stable }
}

/** What an import may change: all rows but those of the schema itself. */
async function fingerprint(db: Database): Promise<string> {
  const tables = await db.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  )
  const rows: unknown[] = []
  for (const { name } of tables.rows) {
    rows.push([name, (await db.query(`select to_jsonb(t) from ${name} t order by 1`)).rows])
  }
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex')
}

const problems = ({ remarks }: Report) =>
  remarks.filter(({ kind }) => kind === 'problem').map(({ what }) => what)

test('a Harbor 2.7 comes over, and everybody goes on with the old passwords, roles and secrets', async (t) => {
  const move = await makeMove(t)
  const { harbor, storage, env, run, addChart } = move
  const { team } = await fillHarbor(move)
  await harbor.addRobot({
    name: 'team+ci',
    projectId: team,
    secret: SECRET,
    days: 90,
    permissions: [
      [`/project/${team}`, 'helm-chart:read'],
      [`/project/${team}`, 'helm-chart-version:create'],
      [`/project/${team}`, 'repository:push'],
    ],
  })
  await harbor.addRobot({
    name: 'everywhere',
    secret: SECRET,
    permissions: [['/project/*', 'helm-chart:read']],
  })
  const devs = await harbor.addGroup('devs', 1, 'cn=devs,dc=example,dc=com')
  await harbor.addMember(team, 'g', devs, 2)
  await harbor.db.query(
    `update project set creation_time = '2019-03-04 05:06:07' where name = 'team'`,
  )
  const file = await addChart('team', 'a', '1.0.0+build.1')
  await utimes(file, new Date('2020-02-03T04:05:06Z'), new Date('2020-02-03T04:05:06Z'))
  await writeFile(`${file}.prov`, 'signed')

  const report = await run(['--storage', storage, '--apply'])
  assert.deepEqual(report.harbor, { version: '2.7', authMode: 'db_auth' })
  assert.deepEqual(
    [report.users, report.groups, report.projects, report.members].map((counts) => counts.new),
    [2, 1, 2, 3],
  )
  assert.deepEqual([report.robots.new, report.labels.new, report.chartLabels.new], [2, 2, 1])
  assert.partialDeepStrictEqual(report.charts, { new: 1, leftOut: 0 })
  assert.deepEqual(problems(report), [])
  assert.match(JSON.stringify(report.remarks), /these become system admins here too: eve/)

  const { url } = await startGatewayProcess(t, env)
  const get = (path: string, username: string, password: string) =>
    fetch(`${url}${path}`, { headers: basicAuth({ username, password }) })
  const status = async (...[path, username, password]: Parameters<typeof get>) =>
    (await get(path, username, password)).status
  const index = '/chartrepo/team/index.yaml'
  assert.equal(await status(index, 'bob', 'Bobs-Passw0rd'), 200)
  assert.equal(await status(index, 'bob@example.com', 'Bobs-Passw0rd'), 200)
  assert.equal(await status(index, 'bob', 'Eves-Passw0rd'), 401)
  assert.equal(await status('/api/v2.0/users', 'eve', 'Eves-Passw0rd'), 200)
  assert.equal(await status('/api/v2.0/users', 'bob', 'Bobs-Passw0rd'), 403)
  assert.equal(await status(index, 'robot$team+ci', SECRET), 200)
  assert.equal(await status(index, 'robot$everywhere', SECRET), 200)
  assert.equal((await fetch(url + index)).status, 401)
  assert.equal((await fetch(`${url}/chartrepo/open/index.yaml`)).status, 200)

  const upload = await fetch(`${url}/api/chartrepo/team/charts`, {
    method: 'POST',
    body: new Blob([await buildChart({ name: 'b', version: '1.0.0' })]),
    headers: basicAuth({ username: 'robot$team+ci', password: SECRET }),
  })
  assert.equal(upload.status, 201)
  const [version] = (await (
    await get('/api/chartrepo/team/charts/a', 'bob', 'Bobs-Passw0rd')
  ).json()) as { created: string; labels: { name: string }[] }[]
  assert.equal(version?.created, '2020-02-03T04:05:06Z')
  assert.deepEqual(
    version?.labels.map(({ name }) => name),
    ['stable'],
  )
  const provenance = await get(
    `/chartrepo/team/charts/${basename(file)}.prov`,
    'bob',
    'Bobs-Passw0rd',
  )
  assert.equal(await provenance.text(), 'signed')

  const project = (await (await get('/api/v2.0/projects/team', 'bob', 'Bobs-Passw0rd')).json()) as {
    creation_time: string
    owner_name: string
    metadata: Record<string, string>
  }
  assert.equal(project.creation_time, '2019-03-04T05:06:07.000Z')
  assert.equal(project.owner_name, 'bob')
  assert.deepEqual(project.metadata, { public: 'false', auto_scan: 'true' })
  const members = (await (
    await get('/api/v2.0/projects/team/members', 'bob', 'Bobs-Passw0rd')
  ).json()) as { entity_name: string; role_name: string; entity_type: string }[]
  assert.deepEqual(
    members.map(({ entity_name, role_name, entity_type }) => [entity_name, role_name, entity_type]),
    [
      ['bob', 'projectAdmin', 'u'],
      ['devs', 'developer', 'g'],
      ['eve', 'guest', 'u'],
    ],
  )
})

test('a Harbor 1.7 comes over: SHA-1 hashes, no robots, roles by their names', async (t) => {
  const move = await makeMove(t, '1.7')
  const { storage, env, run, addChart } = move
  await fillHarbor(move)
  await addChart('team', 'a', '1.0.0')
  const report = await run(['--storage', storage, '--apply'])
  assert.deepEqual(report.harbor, { version: '1.7', authMode: 'db_auth' })
  assert.deepEqual([report.users.new, report.robots.new, report.charts?.new], [2, 0, 1])
  const { url } = await startGatewayProcess(t, env)
  const headers = basicAuth({ username: 'bob', password: 'Bobs-Passw0rd' })
  assert.equal((await fetch(`${url}/chartrepo/team/index.yaml`, { headers })).status, 200)
})

test('a role is known by its name: until 2.2 installations had other ids for the later ones', async (t) => {
  const { harbor, db, run } = await makeMove(t)
  await harbor.db.query(`update role set name = 'master', role_id = 6 where role_id = 4`)
  const bob = await harbor.addUser({ name: 'bob' })
  const team = await harbor.addProject('team', bob, {})
  await harbor.addMember(team, 'u', bob, 6)
  await run(['--apply'])
  const found = await db.query(
    'select role_id from project_members m join users u on u.id = m.user_id where u.username = $1',
    ['bob'],
  )
  assert.deepEqual(found.rows, [{ role_id: 4 }])
})

test('without --apply it tells everything and changes nothing, here or in Harbor', async (t) => {
  const move = await makeMove(t)
  const { harbor, storage, db, env, base, run, addChart, listOurs } = move
  await fillHarbor(move)
  await addChart('team', 'a', '1.0.0')
  await writeFile(join(storage, 'team', 'broken-1.0.0.tgz'), 'no package')
  await mkdir(join(storage, 'stray'))
  const [ours, theirs] = [await fingerprint(db), await fingerprint(harbor.db)]
  const report = await run(['--storage', storage], 1)
  assert.equal(report.isDryRun, true)
  assert.deepEqual([report.users.new, report.projects.new, report.charts?.new], [2, 2, 1])
  assert.deepEqual(problems(report), ['team/broken-1.0.0.tgz', 'stray/'])
  assert.deepEqual([await fingerprint(db), await fingerprint(harbor.db)], [ours, theirs])
  assert.deepEqual(await listOurs('team'), [])

  const told = await runChartgate([...base, '--storage', storage], env)
  assert.match(told.stdout, /^Harbor 2\.7, db_auth: a dry run, nothing was changed$/m)
  assert.match(told.stdout, /^users +2 +1 +0 +0$/m)
  assert.match(
    told.stdout,
    /^PROBLEM\nteam\/broken-1\.0\.0\.tgz +gzip: invalid header: not copied$/m,
  )
  assert.match(told.stdout, /^Run it again with --apply to do this\.$/m)
})

test('another run adds only what is new, and brings nothing back that was removed here', async (t) => {
  const move = await makeMove(t)
  const { harbor, storage, db, env, run, addChart, listOurs } = move
  const { team } = await fillHarbor(move)
  await addChart('team', 'a', '1.0.0')
  await addChart('team', 'a', '1.1.0')
  await run(['--storage', storage, '--apply'])
  const after = await fingerprint(db)
  const again = await run(['--storage', storage, '--apply'])
  assert.equal(await fingerprint(db), after)
  assert.deepEqual(again.users, { new: 0, kept: 0, known: 3, leftOut: 0 })
  assert.partialDeepStrictEqual(again.charts, { new: 0, kept: 0, known: 2 })

  await readChartgate(['user', 'delete', 'eve'], env)
  await readChartgate(['project', 'member', 'remove', 'team', 'bob'], env)
  const { url } = await startGatewayProcess(t, env)
  const removed = await fetch(`${url}/api/chartrepo/team/charts/a/1.0.0`, {
    method: 'DELETE',
    headers: basicAuth(ADMIN),
  })
  assert.equal(removed.status, 200)
  const zoe = await harbor.addUser({ name: 'zoe', password: 'Zoes-Passw0rd' })
  await harbor.addMember(team, 'u', zoe, 2)
  await addChart('team', 'a', '1.2.0')
  const third = await run(['--storage', storage, '--apply'])
  assert.deepEqual([third.users.new, third.members.new, third.charts?.new], [1, 1, 1])
  assert.deepEqual(await listOurs('team'), ['a-1.1.0.tgz', 'a-1.2.0.tgz'])
  const members = await db.query(
    `select u.username from project_members m join users u on u.id = m.user_id join projects p on p.id = m.project_id
     where p.name = 'team'`,
  )
  assert.deepEqual(members.rows, [{ username: 'zoe' }])
})

test('what is here is never overwritten: users, projects and charts of the same name stay as they are', async (t) => {
  const move = await makeMove(t)
  const { harbor, storage, db, env, dataDir, run, addChart } = move
  await fillHarbor(move)
  await readChartgate(
    ['user', 'create', 'bob', '--email', 'our-bob@example.com', '--password-stdin'],
    env,
    { input: 'Our-Passw0rd' },
  )
  await readChartgate(
    ['user', 'create', 'ann', '--email', 'eve@example.com', '--password-stdin'],
    env,
    { input: 'Our-Passw0rd' },
  )
  await readChartgate(['project', 'create', 'open'], env)
  await readChartgate(['robot', 'create', 'everywhere', '--all-projects', '--allow', 'pull'], env)
  await harbor.addRobot({
    name: 'everywhere',
    secret: SECRET,
    permissions: [['/project/*', 'helm-chart:delete']],
  })
  await addChart('open', 'a', '1.0.0')
  await addChart('open', 'b', '1.0.0')
  const own = join(dataDir, 'charts', 'open')
  await mkdir(own, { recursive: true })
  const bytes = await buildChart({ name: 'a', version: '1.0.0', metadata: { description: 'ours' } })
  await writeFile(join(own, 'a-1.0.0.tgz'), bytes)
  await copyFile(join(storage, 'open', 'b-1.0.0.tgz'), join(own, 'b-1.0.0.tgz'))
  const before = await db.query(
    `select to_jsonb(u) from users u where username in ('bob', 'ann', 'admin') order by id`,
  )
  const robots = await db.query('select to_jsonb(r) from robots r')

  const report = await run(['--storage', storage, '--apply'])
  const after = await db.query(
    `select to_jsonb(u) from users u where username in ('bob', 'ann', 'admin') order by id`,
  )
  assert.deepEqual(after.rows, before.rows)
  assert.deepEqual((await db.query('select to_jsonb(r) from robots r')).rows, robots.rows)
  assert.ok(bytes.equals(await readFile(join(own, 'a-1.0.0.tgz'))))
  assert.partialDeepStrictEqual(report.charts, { new: 0, kept: 1, leftOut: 1 })
  assert.deepEqual(
    report.remarks.filter(({ kind }) => kind === 'conflict').map(({ what }) => what),
    ['user bob', 'user eve', 'project open', 'robot everywhere', 'open/a-1.0.0.tgz'],
  )
  const eve = await db.query(`select email from users where username = 'eve'`)
  assert.match(JSON.stringify(eve.rows), /user-\d+@harbor\.invalid/)
  const access = await db.query(
    `select p.name, coalesce(m.value, 'false') as public from projects p left join project_metadata m on m.project_id = p.id
     and m.name = 'public' where p.name = 'open'`,
  )
  assert.deepEqual(access.rows, [{ name: 'open', public: 'false' }])
})

test('charts of a project that is private in Harbor and public here do not come', async (t) => {
  const { harbor, storage, run, addChart, listOurs } = await makeMove(t)
  await harbor.db.query(`update project_metadata set value = 'false' where project_id = 1`)
  await addChart('library', 'secret', '1.0.0')
  const report = await run(['--storage', storage, '--apply'], 1)
  assert.deepEqual(problems(report), ['project library'])
  assert.deepEqual(await listOurs('library'), [])
})

test('nobody can log in by a password that Harbor made up for users of LDAP, UAA, OIDC or a proxy', async (t) => {
  const { harbor, db, run } = await makeMove(t)
  await harbor.addUser({ name: 'ldap', password: '12345678AbC', email: null })
  await harbor.addUser({ name: 'proxy', password: '1234567ab', email: null })
  await harbor.addUser({ name: 'empty', password: '' })
  await harbor.addUser({ name: 'person', password: 'A-real-0ne' })
  const oidc = await harbor.addUser({ name: 'oidc', password: 'A-real-0ne' })
  await harbor.db.query(`insert into oidc_user (user_id, secret, subiss) values ($1, 'x', 'y')`, [
    oidc,
  ])
  const plain = await harbor.addUser({ name: 'plain' })
  await harbor.db.query(`update harbor_user set password = '12345678AbC' where user_id = $1`, [
    plain,
  ])
  const report = await run(['--apply'])
  const withPassword = await db.query(
    `select username from users where password_hash <> '' order by 1`,
  )
  assert.deepEqual(withPassword.rows, [{ username: 'person' }])
  assert.match(
    report.remarks.find(({ what }) => what === 'passwords')?.message ?? '',
    /: ldap, proxy, empty, oidc, plain$/,
  )
})

test('where Harbor asked LDAP, only its admin has a password that counts', async (t) => {
  const { harbor, db, run } = await makeMove(t)
  await harbor.db.query(`insert into properties (k, v) values ('auth_mode', 'ldap_auth')`)
  await harbor.addUser({ name: 'bob', password: 'Bobs-Passw0rd' })
  const report = await run(['--apply'])
  assert.equal(report.harbor.authMode, 'ldap_auth')
  const bob = await db.query(`select password_hash from users where username = 'bob'`)
  assert.deepEqual(bob.rows, [{ password_hash: '' }])
})

test("admin keeps the password of here, unless Harbor's is wished for, and then once", async (t) => {
  const { harbor, db, run } = await makeMove(t)
  const twin = await harbor.addUser({ name: 'twin', password: 'Admins-Passw0rd' })
  await harbor.db.query(
    `update harbor_user a set password = t.password, salt = t.salt from harbor_user t where a.user_id = 1 and t.user_id = $1`,
    [twin],
  )
  const hash = async () =>
    (await db.query<{ hash: string }>('select password_hash as hash from users where id = 1'))
      .rows[0]?.hash
  await db.query(`update users set password_hash = 'ours' where id = 1`)
  await run(['--apply'])
  assert.equal(await hash(), 'ours')
  await run(['--with-admin-password'])
  assert.equal(await hash(), 'ours')
  await run(['--apply', '--with-admin-password'])
  assert.match((await hash()) ?? '', /^\$pbkdf2-sha256\$/)
  await db.query(`update users set password_hash = 'changed since' where id = 1`)
  await run(['--apply', '--with-admin-password'])
  assert.equal(await hash(), 'changed since')
})

test('robots that cannot come are told with what to do: JWTs, forbidding ones, other prefixes', async (t) => {
  const { harbor, db, run } = await makeMove(t)
  const team = await harbor.addProject('team', 1, {})
  const chart = [[`/project/${team}`, 'helm-chart:read']] as const
  await harbor.addRobot({ name: 'robot$old', projectId: team })
  await harbor.addRobot({
    name: 'team+images',
    projectId: team,
    secret: SECRET,
    permissions: [[`/project/${team}`, 'repository:push']],
  })
  await harbor.addRobot({
    name: 'team+denied',
    projectId: team,
    secret: SECRET,
    permissions: chart,
  })
  await harbor.db.query(
    `update permission_policy set effect = 'deny' where resource = 'helm-chart'`,
  )
  await harbor.addRobot({ name: 'team+ci', projectId: team, secret: SECRET, permissions: chart })
  const internal = await harbor.addRobot({
    name: 'team+scanner',
    projectId: team,
    secret: SECRET,
    permissions: chart,
  })
  await harbor.db.query('update robot set visible = false where id = $1', [internal])
  await harbor.db.query(`insert into properties (k, v) values ('robot_name_prefix', 'robot_')`)
  const report = await run(['--apply'], 1)
  assert.deepEqual(problems(report), ['robot robot$old', 'robot team+denied', 'robots'])
  assert.match(JSON.stringify(report.remarks), /set ROBOT_NAME_PREFIX=robot_/)
  assert.match(
    JSON.stringify(report.remarks),
    /a JWT of Harbor 1\.8 to 2\.1.*chartgate robot create/,
  )
  assert.deepEqual(report.robots, { new: 1, kept: 0, known: 0, leftOut: 3 })
  const robots = await db.query(
    'select r.name, p.name as project from robots r join projects p on p.id = r.project_id',
  )
  assert.deepEqual(robots.rows, [{ name: 'ci', project: 'team' }])
})

test('a name that is none here is told, and harms no other', async (t) => {
  const { harbor, db, run } = await makeMove(t)
  await harbor.addUser({ name: 'a:b', password: 'A-real-0ne' })
  const bob = await harbor.addUser({ name: 'bob', password: 'A-real-0ne' })
  const odd = await harbor.addProject('Odd', bob, {})
  await harbor.addMember(odd, 'u', bob, 1)
  const report = await run(['--apply'], 1)
  assert.deepEqual(problems(report), ['user a:b', 'project Odd'])
  assert.deepEqual(report.members, { new: 0, kept: 1, known: 0, leftOut: 1 })
  assert.deepEqual((await db.query('select username from users order by id')).rows, [
    { username: 'admin' },
    { username: 'bob' },
  ])
})

test('killed while it copies, it goes on where it was, and no chart is lost or half there', async (t) => {
  const { harbor, storage, env, base, run, addChart, listOurs, dataDir } = await makeMove(t)
  await harbor.addProject('team', 1, { public: 'false' })
  const all: string[] = []
  for (let n = 0; n < 200; n++) all.push(basename(await addChart('team', 'a', `1.${n}.0`)))
  const first = startChartgateProcess([...base, '--storage', storage, '--apply'], env)
  await eventually(async () => assert.ok((await listOurs('team')).length >= 10))
  first.kill('SIGKILL')
  await first.ended
  const then = await listOurs('team')
  assert.ok(then.length < all.length, 'it was done before it could be killed')
  for (const name of then) {
    assert.ok(
      (await readFile(join(storage, 'team', name))).equals(
        await readFile(join(dataDir, 'charts', 'team', name)),
      ),
    )
  }
  const report = await run(['--storage', storage, '--apply'])
  const { new: copied = 0, kept = 0, known = 0 } = report.charts ?? {}
  assert.equal(copied, all.length - then.length)
  assert.equal(kept + known, then.length)
  assert.ok(known > 0)
  assert.deepEqual(await listOurs('team'), all.sort())
  assert.deepEqual(await readChartgate(['verify', 'team'], env), {
    projects: 1,
    packages: all.length,
    findings: [],
  })
})

test('Ctrl-C ends it in order, and another run goes on', async (t) => {
  const { harbor, storage, env, base, run, addChart, listOurs } = await makeMove(t)
  await harbor.addProject('team', 1, { public: 'false' })
  for (let n = 0; n < 200; n++) await addChart('team', 'a', `1.${n}.0`)
  const stopping = new AbortController()
  const running = runChartgate([...base, '--storage', storage, '--apply'], env, '', stopping.signal)
  await eventually(async () => assert.ok((await listOurs('team')).length >= 10))
  stopping.abort()
  const { status, stdout, stderr } = await running
  assert.deepEqual([status, stdout, stderr], [130, '', 'chartgate: interrupted\n'])
  const { new: copied = 0, known = 0 } = (await run(['--storage', storage, '--apply'])).charts ?? {}
  assert.equal(copied + known, 200)
  assert.equal((await listOurs('team')).length, 200)
})

test('real charts come into a bucket, and a running gateway has them at once', {
  skip: skipWithoutCharts(),
}, async (t) => {
  const { harbor, storage, env, base } = await makeMove(t)
  await harbor.addProject('team', 1, { public: 'true' })
  await mkdir(join(storage, 'team'))
  const charts = (await listSharedCharts()).slice(0, 20)
  for (const file of charts) await copyFile(file, join(storage, 'team', basename(file)))
  const server = await startS3Server(t)
  const bucket = { ...env, ...server.env, CACHE_INTERVAL: '0' }
  const gateway = await startGatewayProcess(t, bucket)
  const args = [...base, '--storage', storage, '--apply']
  const report = (await readChartgate(args, bucket)) as Report
  assert.equal(report.charts?.new, charts.length)
  assert.deepEqual(
    (await listProjectKeys(server, 'team')).filter((name) => name.endsWith('.tgz')),
    charts.map((file) => basename(file)).sort(),
  )
  const index = await (await fetch(`${gateway.url}/chartrepo/team/index.yaml`)).text()
  assert.equal(index.match(/digest:/g)?.length, charts.length)
  const again = (await readChartgate([...args.slice(0, 3), '--in-place'], bucket)) as Report
  assert.partialDeepStrictEqual(again.charts, { kept: charts.length, leftOut: 0 })
})

test("charts come out of a bucket, by the env file of Harbor's ChartMuseum", async (t) => {
  const { harbor, run, listOurs } = await makeMove(t)
  await harbor.addProject('team', 1, { public: 'false' })
  const server = await startS3Server(t)
  const chart = await buildChart({ name: 'a', version: '1.0.0' })
  await putObject(server, 'charts/team/a-1.0.0.tgz', chart)
  await putObject(server, 'charts/team/index-cache.yaml', 'apiVersion: v1\n')
  const file = join(await makeFolder(t), 'env')
  const settings = { ...server.env, STORAGE_AMAZON_PREFIX: 'charts', DEPTH: '1', CHART_URL: '' }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(file, lines.join(''))
  const report = await run(['--storage', file, '--apply'])
  assert.partialDeepStrictEqual(report.charts, { new: 1, bytes: chart.length })
  assert.deepEqual(await listOurs('team'), ['a-1.0.0.tgz'])
})

test('storage that is in place is only checked, and never copied onto itself', async (t) => {
  const { harbor, env, dataDir, run, base } = await makeMove(t)
  await harbor.addProject('team', 1, { public: 'false' })
  const own = join(dataDir, 'charts', 'team')
  await mkdir(own, { recursive: true })
  await writeFile(join(own, 'a-1.0.0.tgz'), await buildChart({ name: 'a', version: '1.0.0' }))
  await writeFile(join(own, 'broken-1.0.0.tgz'), 'no package')
  const { mtimeMs } = await stat(join(own, 'a-1.0.0.tgz'))
  const report = await run(['--in-place', '--apply'], 1)
  assert.partialDeepStrictEqual(report.charts, { new: 0, kept: 2 })
  assert.deepEqual(problems(report), ['team/broken-1.0.0.tgz'])
  assert.equal((await stat(join(own, 'a-1.0.0.tgz'))).mtimeMs, mtimeMs)
  const onto = await runChartgate([...base, '--storage', join(dataDir, 'charts')], env)
  assert.equal(onto.status, 78)
  assert.match(onto.stderr, /is where the charts of this Chartgate are: use --in-place/)
})

test('what is no Harbor, or half of one, is one sentence', async (t) => {
  const { harbor, env, db, base } = await makeMove(t)
  await harbor.addUser({ name: 'bob' })
  const other = toUrl(await createEmptyDatabase(t))
  for (const [args, status, text] of [
    [['import-harbor'], 64, /where is Harbor's database\?/],
    [[...base, '--apply', '--dry-run'], 64, /give one of them/],
    [
      [...base, '--storage', '/nowhere/at/all', '--apply'],
      78,
      /there is no such directory or file/,
    ],
    [
      ['import-harbor', '--database-url', 'postgres://u:hush@localhost:1/registry'],
      69,
      /at --database-url postgres:\/\/u@localhost:1\/registry cannot be reached/,
    ],
    [['import-harbor', '--database-url', other], 78, /no database of Harbor 1\.6 or later/],
    [
      ['import-harbor', '--database-url', env.DATABASE_URL],
      78,
      /no database of Harbor 1\.6 or later/,
    ],
  ] as const) {
    const result = await runChartgate(args, env)
    assert.deepEqual([result.status, result.stdout], [status, ''], result.stderr)
    assert.match(result.stderr, text)
    assert.doesNotMatch(result.stderr, /hush|^\s+at /m)
  }
  assert.deepEqual((await db.query('select username from users')).rows, [{ username: 'admin' }])
  await harbor.db.query('update schema_migrations set dirty = true')
  const dirty = await runChartgate(base, env)
  assert.match(dirty.stderr, /left half upgraded/)
})
