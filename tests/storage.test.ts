import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { loadAzureConfig } from '../chartstore/storage/azure-config.ts'
import { createAzureObjects } from '../chartstore/storage/azure-objects.ts'
import { createGcsObjects } from '../chartstore/storage/gcs-objects.ts'
import { loadGoogleConfig } from '../chartstore/storage/google-config.ts'
import { createLocalStorage } from '../chartstore/storage/local-storage.ts'
import { createS3Objects } from '../chartstore/storage/s3-objects.ts'
import { StartError } from '../service/start-error.ts'
import { startAzureServer } from './support/azure-server.ts'
import { skipWithoutAzurite } from './support/azurite.ts'
import { makeFolder } from './support/folder.ts'
import { startGcsServer } from './support/gcs-server.ts'
import { openObjects } from './support/open-objects.ts'
import { skipWithout } from './support/real-clients.ts'
import { listKeys, s3Config, startS3Server } from './support/s3-server.ts'
import { type OpenedStorage, storageRules } from './support/storage-rules.ts'
import { fault, putFiles } from './support/stored-files.ts'

/** Those whose server is quickly started; Ceph's and Swift's are in tests of their own. */
const BACKENDS: {
  name: string
  open: (t: TestContext) => Promise<OpenedStorage>
  /** Why it cannot run here. */
  skip: string | false
  /** Whether it tells at once that others changed a project. */
  hasRevision: boolean
}[] = [
  { name: 'local', open: openLocal, skip: false, hasRevision: true },
  { name: 'google', open: openGoogle, skip: skipWithout('fake-gcs-server'), hasRevision: false },
  { name: 'microsoft', open: openMicrosoft, skip: skipWithoutAzurite(), hasRevision: false },
  { name: 'amazon', open: openAmazon, skip: skipWithout('versitygw'), hasRevision: false },
]

async function openLocal(t: TestContext): Promise<OpenedStorage> {
  const dir = await makeFolder(t)
  return {
    storage: await createLocalStorage(dir),
    leftovers: async () => [
      ...(await readdir(join(dir, '.chartgate/spool'))),
      ...(await readdir(join(dir, '.chartgate/journal'))),
    ],
  }
}

async function openAmazon(t: TestContext): Promise<OpenedStorage> {
  const server = await startS3Server(t)
  const objects = createS3Objects(s3Config(server), pino({ level: 'silent' }))
  return openObjects(t, objects, () => listKeys(server))
}

async function openGoogle(t: TestContext): Promise<OpenedStorage> {
  const { env, keys } = await startGcsServer(t)
  const objects = createGcsObjects(loadGoogleConfig(env), pino({ level: 'silent' }))
  return openObjects(t, objects, keys)
}

async function openMicrosoft(t: TestContext): Promise<OpenedStorage> {
  const { env, keys } = await startAzureServer(t)
  const objects = createAzureObjects(loadAzureConfig(env), pino({ level: 'silent' }))
  return openObjects(t, objects, keys)
}

for (const { name: backend, open, skip, hasRevision } of BACKENDS) {
  for (const { name, check } of storageRules({ hasRevision })) {
    test(`${backend}: ${name}`, { skip }, async (t) => check(await open(t)))
  }
}

test('folders and links that lead nowhere in a project are no files of it', async (t) => {
  const dir = await makeFolder(t)
  const storage = await createLocalStorage(dir)
  await mkdir(join(dir, 'p/folder-1.0.0.tgz'), { recursive: true })
  await symlink('/nowhere', join(dir, 'p/dangling-1.0.0.tgz'))
  await writeFile(join(dir, 'p/a-1.0.0.tgz'), 'a')
  assert.deepEqual(
    (await storage.list('p')).map(({ fileName }) => fileName),
    ['a-1.0.0.tgz'],
  )
  await assert.rejects(storage.get('p', 'folder-1.0.0.tgz'), fault('missing'))
})

test('a project whose folder was removed is made anew by the uploads that come', async (t) => {
  const dir = await makeFolder(t)
  const storage = await createLocalStorage(dir)
  await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'a' })
  await rm(join(dir, 'p'), { recursive: true })
  const puts = Array.from({ length: 8 }, (_, i) =>
    putFiles(storage, 'p', { [`b-1.0.${i}.tgz`]: 'b' }, i % 2 === 0),
  )
  assert.equal((await Promise.all(puts)).length, 8)
  assert.equal((await readdir(join(dir, 'p'))).length, 8)
  assert.deepEqual(await readdir(join(dir, '.chartgate/spool')), [])
})

/** What a process of this host that does not run any more called its files. */
const GONE = `${hostname().replaceAll(/[^\w-]/g, '_')}.99999999.0`

test('a publication that a crash interrupted is finished at the next start', async (t) => {
  const dir = await makeFolder(t)
  await createLocalStorage(dir)
  const spoolDir = join(dir, '.chartgate/spool')
  await mkdir(join(dir, 'p'))
  // As a dead process left it: the first file moved, the second not.
  await writeFile(join(dir, 'p/a-1.0.0.tgz.prov'), 'prov')
  await writeFile(join(spoolDir, `${GONE}.1`), 'chart')
  const journal = {
    project: 'p',
    overwrite: true,
    files: [
      { fileName: 'a-1.0.0.tgz.prov', spool: `${GONE}.2` },
      { fileName: 'a-1.0.0.tgz', spool: `${GONE}.1` },
    ],
  }
  await writeFile(join(dir, `.chartgate/journal/${GONE}.3.json`), JSON.stringify(journal))
  await createLocalStorage(dir)
  assert.equal(await readFile(join(dir, 'p/a-1.0.0.tgz'), 'utf8'), 'chart')
  assert.deepEqual(await readdir(spoolDir), [])
  assert.deepEqual(await readdir(join(dir, '.chartgate/journal')), [])
})

test('an interrupted publication that another file had refused is taken back', async (t) => {
  const dir = await makeFolder(t)
  await createLocalStorage(dir)
  const spoolDir = join(dir, '.chartgate/spool')
  await mkdir(join(dir, 'p'))
  await writeFile(join(dir, 'p/a-1.0.0.tgz'), 'the first one')
  await writeFile(join(spoolDir, `${GONE}.1`), 'chart')
  await writeFile(join(spoolDir, `${GONE}.2`), 'prov')
  execFileSync('ln', [join(spoolDir, `${GONE}.2`), join(dir, 'p/a-1.0.0.tgz.prov')])
  const journal = {
    project: 'p',
    overwrite: false,
    files: [
      { fileName: 'a-1.0.0.tgz.prov', spool: `${GONE}.2` },
      { fileName: 'a-1.0.0.tgz', spool: `${GONE}.1` },
    ],
  }
  await writeFile(join(dir, `.chartgate/journal/${GONE}.3.json`), JSON.stringify(journal))
  await createLocalStorage(dir)
  assert.deepEqual(await readdir(join(dir, 'p')), ['a-1.0.0.tgz'])
  assert.equal(await readFile(join(dir, 'p/a-1.0.0.tgz'), 'utf8'), 'the first one')
  assert.deepEqual(await readdir(spoolDir), [])
})

test('a start removes what dead processes left in the spool, and nothing of a running one', async (t) => {
  const dir = await makeFolder(t)
  const storage = await createLocalStorage(dir)
  const running = await storage.createSpool()
  const [name = ''] = await readdir(join(dir, '.chartgate/spool'))
  const [host, pid] = name.split('.')
  // One of a container whose only process had the same number, while the clock was ahead.
  const ahead = (Date.now() + 1e9).toString(36)
  await writeFile(join(dir, `.chartgate/spool/${host}.${pid}.${ahead}.1`), 'x')
  await writeFile(join(dir, '.chartgate/spool/torn'), 'x')
  // Of other hosts on a shared volume: one that writes, however long it has run, and one that does not any more.
  await writeFile(join(dir, '.chartgate/spool/elsewhere.1.0.1'), 'x')
  await writeFile(join(dir, '.chartgate/spool/elsewhere.1.0.2'), 'x')
  const longAgo = new Date(Date.now() - 7_200_000)
  await utimes(join(dir, '.chartgate/spool/elsewhere.1.0.2'), longAgo, longAgo)
  await createLocalStorage(dir)
  const left = await readdir(join(dir, '.chartgate/spool'))
  assert.deepEqual(left.sort(), [name, 'elsewhere.1.0.1'].sort())
  await running.discard()
})

test('a directory that cannot be written is a start error that says so', async (t) => {
  const dir = await makeFolder(t)
  await writeFile(join(dir, 'file'), '')
  await assert.rejects(
    createLocalStorage(join(dir, 'file', 'charts')),
    (error: Error) => error instanceof StartError && /cannot be used/.test(error.message),
  )
})
