import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmod,
  chown,
  cp,
  mkdir,
  readdir,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { runCommand } from './support/command.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'

const { PATH, HOME } = process.env
const CODE_CACHE = './service/code-cache.js'
/** Has Node tell what it does with its cache. */
const TELLS = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
const USED =
  /retrieving transpile cache for StrippedTypeScript \S+\/gateway\/process\.ts\.\.\.success/

function checkConfig(env: Record<string, string>) {
  return runCommand(process.execPath, ['gateway/main.ts', '--check-config'], {
    cwd: PROJECT_FOLDER,
    env: { PATH, HOME, ...env },
    timeoutMs: 60_000,
  })
}

async function assertStarts(env: Record<string, string>): Promise<string> {
  const { status, stdout, stderr } = await checkConfig(env)
  assert.equal(status, 0, stderr)
  assert.match(stdout, /the configuration is valid\n$/)
  return stdout + stderr
}

async function makeDataDir(t: TestContext) {
  const dataDir = await makeFolder(t)
  return { dataDir, folder: join(dataDir, 'code-cache') }
}

/** Every file below, by its path in the folder. */
async function list(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
}

/** A program with the code cache that loads a module and then lives on. */
function startLoading(t: TestContext, dataDir: string, script: string) {
  const child = spawn(
    process.execPath,
    ['--import', CODE_CACHE, '--input-type=module', '--eval', script],
    { cwd: PROJECT_FOLDER, env: { PATH, HOME, DATA_DIR: dataDir }, stdio: 'ignore' },
  )
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** Until there is a file `end`. */
const LIVES_ON = `
  await import('./service/env.ts')
  const { existsSync } = await import('node:fs')
  const timer = setInterval(() => {
    if (existsSync(process.env.DATA_DIR + '/end')) clearInterval(timer)
  }, 50)`

test('a start leaves its compiled code in a private folder, and the next one uses it', async (t) => {
  const { dataDir, folder } = await makeDataDir(t)
  assert.doesNotMatch(await assertStarts({ DATA_DIR: dataDir, ...TELLS }), USED)
  const { mode, uid } = await stat(folder)
  assert.equal(mode & 0o777, 0o700)
  assert.equal(uid, process.getuid?.())
  assert.ok((await list(folder)).length > 50)
  assert.match(await assertStarts({ DATA_DIR: dataDir, ...TELLS }), USED)
})

test('what another Node has left is removed, and nothing else', async (t) => {
  const { dataDir, folder } = await makeDataDir(t)
  const old = join(folder, 'v20.1.0-x64-00000000-0')
  await mkdir(old, { recursive: true })
  await chmod(folder, 0o700)
  await writeFile(join(folder, 'mine'), '')
  startLoading(t, dataDir, LIVES_ON)
  await eventually(async () => assert.ok(!(await readdir(folder)).includes(basename(old))))
  assert.ok((await readdir(folder)).includes('mine'))
})

test('worker threads leave and use compiled code, too', async (t) => {
  const { dataDir, folder } = await makeDataDir(t)
  const main = join(dataDir, 'main.mjs')
  const script = pathToFileURL(join(PROJECT_FOLDER, 'service/env.ts'))
  await writeFile(
    main,
    `import { Worker } from 'node:worker_threads'\nnew Worker(new URL('${script}'))\n`,
  )
  const run = () =>
    runCommand(process.execPath, ['--import', CODE_CACHE, main], {
      cwd: PROJECT_FOLDER,
      env: { PATH, HOME, DATA_DIR: dataDir, ...TELLS },
    })
  assert.equal((await run()).status, 0)
  assert.ok((await list(folder)).length > 20)
  const { stdout, stderr } = await run()
  assert.match(stdout + stderr, /transpile cache for StrippedTypeScript \S+\/env\.ts\.\.\.success/)
})

test('where modules were found is known at the next start, until npm has changed what is installed', async (t) => {
  const { dataDir } = await makeDataDir(t)
  const app = await makeFolder(t)
  await cp(join(PROJECT_FOLDER, 'service'), join(app, 'service'), { recursive: true })
  const packed = join(app, 'node_modules/greeting')
  const lay = (file: string, content: string) => writeFile(join(packed, file), content)
  await mkdir(packed, { recursive: true })
  const install = () => writeFile(join(app, 'node_modules/.package-lock.json'), '{}')
  await install()
  await writeFile(join(app, 'main.mjs'), `import { name } from 'greeting'\nconsole.log(name)\n`)
  for (const name of ['one', 'other']) await lay(`${name}.js`, `exports.name = '${name}'\n`)
  const run = async () => {
    const { stdout, stderr } = await runCommand(
      process.execPath,
      ['--import', CODE_CACHE, 'main.mjs'],
      {
        cwd: app,
        env: { PATH, HOME, DATA_DIR: dataDir },
      },
    )
    return stdout.trim() || stderr
  }
  await lay('package.json', JSON.stringify({ main: 'one.js' }))
  assert.equal(await run(), 'one')
  await lay('package.json', JSON.stringify({ main: 'other.js' }))
  assert.equal(await run(), 'one')
  await lay('one.js', `exports.name = 'changed'\n`)
  assert.equal(await run(), 'changed')
  await install()
  assert.equal(await run(), 'other')
})

test('a folder that others may enter, or that is not ours, is not used', async (t) => {
  const { dataDir, folder } = await makeDataDir(t)
  await mkdir(folder)
  for (const mode of [0o701, 0o710, 0o770, 0o777]) {
    await chmod(folder, mode)
    await assertStarts({ DATA_DIR: dataDir })
    assert.deepEqual(await readdir(folder), [])
  }
  const linked = await makeDataDir(t)
  await chmod(folder, 0o700)
  await symlink(folder, linked.folder)
  await assertStarts({ DATA_DIR: linked.dataDir })
  assert.deepEqual(await readdir(folder), [])
  if (process.getuid?.() !== 0) return
  await chown(folder, 65_534, 65_534)
  await assertStarts({ DATA_DIR: dataDir })
  assert.deepEqual(await readdir(folder), [])
  // root leaves none of its own where the gateway's user could not use it
  const theirs = await makeDataDir(t)
  await chown(theirs.dataDir, 65_534, 65_534)
  await assertStarts({ DATA_DIR: theirs.dataDir })
  assert.deepEqual(await readdir(theirs.dataDir), [])
})

test('who puts another folder in its place while it runs gets nothing, and gives nothing', async (t) => {
  const { dataDir, folder } = await makeDataDir(t)
  startLoading(t, dataDir, LIVES_ON)
  await eventually(() => readdir(folder))
  const moved = join(dataDir, 'moved')
  await rename(folder, moved)
  await mkdir(folder, { mode: 0o777 })
  await writeFile(join(dataDir, 'end'), '')
  await eventually(async () => assert.ok((await list(moved)).length > 20))
  assert.deepEqual(await readdir(folder), [])
})

test('no cache, a broken one or no room for one stops no start', async (t) => {
  const { dataDir, folder } = await makeDataDir(t)
  await assertStarts({ DATA_DIR: dataDir })
  for (const file of await list(folder)) await writeFile(file, 'no code at all')
  await assertStarts({ DATA_DIR: dataDir })

  const file = join(dataDir, 'file')
  await writeFile(file, '')
  await assertStarts({ DATA_DIR: file })
  await assertStarts({ DATA_DIR: join(dataDir, 'missing') })
  assert.ok(!(await readdir(dataDir)).includes('missing'))

  const occupied = await makeDataDir(t)
  await writeFile(occupied.folder, '')
  await assertStarts({ DATA_DIR: occupied.dataDir })
})

test("Node's own variables have the last word", async (t) => {
  const { dataDir } = await makeDataDir(t)
  await assertStarts({ DATA_DIR: dataDir, NODE_DISABLE_COMPILE_CACHE: '1' })
  assert.deepEqual(await readdir(dataDir), [])
  const own = await makeFolder(t)
  await assertStarts({ DATA_DIR: dataDir, NODE_COMPILE_CACHE: own })
  assert.deepEqual(await readdir(dataDir), [])
  assert.ok((await list(own)).length > 50)
})
