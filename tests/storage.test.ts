import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { loadAzureConfig } from '../chartstore/storage/azure-config.ts'
import { createAzureObjects } from '../chartstore/storage/azure-objects.ts'
import { createGcsObjects } from '../chartstore/storage/gcs-objects.ts'
import { loadGoogleConfig } from '../chartstore/storage/google-config.ts'
import { createLocalStorage } from '../chartstore/storage/local-storage.ts'
import { createObjectStorage } from '../chartstore/storage/object-storage.ts'
import type { ObjectStore } from '../chartstore/storage/object-store.ts'
import type { Storage } from '../chartstore/storage/storage.ts'
import { StartError } from '../service/start-error.ts'
import { startAzureServer } from './support/azure-server.ts'
import { skipWithoutAzurite } from './support/azurite.ts'
import { makeFolder } from './support/folder.ts'
import { startGcsServer } from './support/gcs-server.ts'
import { skipWithout } from './support/real-clients.ts'
import { listKeys, openS3Storage, startS3Server } from './support/s3-server.ts'
import { fault, putFiles, readStored, storedNames } from './support/stored-files.ts'

interface Opened {
  storage: Storage
  /** What an upload leaves behind that is no file of a project. */
  leftovers: () => Promise<string[]>
}

/** Rules that every backend keeps. Each test ends with a look for what was left behind. */
const BACKENDS: {
  name: string
  open: (t: TestContext) => Promise<Opened>
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

async function openLocal(t: TestContext): Promise<Opened> {
  const dir = await makeFolder(t)
  return {
    storage: await createLocalStorage(dir),
    leftovers: async () => [
      ...(await readdir(join(dir, '.chartgate/spool'))),
      ...(await readdir(join(dir, '.chartgate/journal'))),
    ],
  }
}

async function openAmazon(t: TestContext): Promise<Opened> {
  const server = await startS3Server(t)
  const { storage, tempDir } = await openS3Storage(t, server)
  const waiting = async () => readdir(tempDir, { recursive: true, withFileTypes: true })
  return {
    storage,
    leftovers: async () => [
      ...(await waiting()).filter((entry) => entry.isFile()).map(({ name }) => name),
      ...(await listKeys(server)).filter((key) => !/^[^/.]+\/[^/]+$/.test(key)),
    ],
  }
}

async function openGoogle(t: TestContext): Promise<Opened> {
  const { env, keys } = await startGcsServer(t)
  const objects = createGcsObjects(loadGoogleConfig(env), pino({ level: 'silent' }))
  return openObjects(t, objects, keys)
}

async function openMicrosoft(t: TestContext): Promise<Opened> {
  const { env, keys } = await startAzureServer(t)
  const objects = createAzureObjects(loadAzureConfig(env), pino({ level: 'silent' }))
  return openObjects(t, objects, keys)
}

async function openObjects(
  t: TestContext,
  objects: ObjectStore,
  keys: () => Promise<string[]>,
): Promise<Opened> {
  const tempDir = await makeFolder(t)
  const storage = await createObjectStorage({
    objects,
    prefix: '',
    needsExclusiveCreate: true,
    tempDir,
  })
  const waiting = async () => readdir(tempDir, { recursive: true, withFileTypes: true })
  return {
    storage,
    leftovers: async () => [
      ...(await waiting()).filter((entry) => entry.isFile()).map(({ name }) => name),
      ...(await keys()).filter((key) => !/^[^/.]+\/[^/]+$/.test(key)),
    ],
  }
}

for (const backend of BACKENDS) {
  const { skip } = backend
  const rule = (name: string, body: (storage: Storage) => Promise<void>) =>
    test(`${backend.name}: ${name}`, { skip }, async (t) => {
      const { storage, leftovers } = await backend.open(t)
      await body(storage)
      assert.deepEqual(await leftovers(), [])
    })

  rule('a file that was put is read back, listed and described alike', async (storage) => {
    const [stored] = await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'one' })
    assert.equal(await readStored(storage, 'p', 'a-1.0.0.tgz'), 'one')
    assert.deepEqual(await storage.list('p'), [stored])
    assert.deepEqual(await storage.stat('p', 'a-1.0.0.tgz'), stored)
    assert.deepEqual(await storedNames(storage, 'p'), ['a-1.0.0.tgz'])
    assert.equal(stored?.size, 3)
  })

  rule('a project without files lists as empty, and nothing is in it', async (storage) => {
    assert.deepEqual(await storage.list('nobody'), [])
    assert.deepEqual(await storage.listNames('nobody'), [])
    assert.equal(await storage.revision('nobody'), undefined)
    await assert.rejects(storage.get('nobody', 'a-1.0.0.tgz'), fault('missing'))
    await assert.rejects(storage.stat('nobody', 'a-1.0.0.tgz'), fault('missing'))
    await assert.rejects(storage.delete('nobody', 'a-1.0.0.tgz'), fault('missing'))
  })

  rule('projects whose names begin alike do not see each other', async (storage) => {
    await putFiles(storage, 'team-steam', { 'x-1.0.0.tgz': 'x' })
    assert.deepEqual(await storage.listNames('team'), [])
  })

  rule('of parallel puts of one file without overwrite exactly one wins', async (storage) => {
    const tries = Array.from({ length: 20 }, (_, i) =>
      putFiles(storage, 'p', { 'a-1.0.0.tgz': `try ${i}` }),
    )
    const results = await Promise.allSettled(tries)
    const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
    assert.equal(won.length, 1)
    assert.equal(await readStored(storage, 'p', 'a-1.0.0.tgz'), `try ${won[0]}`)
    const lost = results.filter((result) => result.status === 'rejected')
    assert.ok(lost.every(({ reason }) => fault('exists')(reason)))
  })

  rule('with overwrite the new file takes the place of the old one', async (storage) => {
    const [before] = await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'old' })
    const [after] = await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'new one' }, true)
    assert.equal(await readStored(storage, 'p', 'a-1.0.0.tgz'), 'new one')
    assert.ok((after?.modifiedNs ?? 0n) >= (before?.modifiedNs ?? 0n))
  })

  rule(
    'a reader of a file that is replaced or deleted meanwhile gets it whole',
    async (storage) => {
      await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'old', 'b-1.0.0.tgz': 'gone' })
      const [a, b] = await Promise.all([
        storage.get('p', 'a-1.0.0.tgz'),
        storage.get('p', 'b-1.0.0.tgz'),
      ])
      await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'new' }, true)
      await storage.delete('p', 'b-1.0.0.tgz')
      assert.equal((await buffer(a.stream())).toString(), 'old')
      assert.equal((await buffer(b.stream())).toString(), 'gone')
    },
  )

  rule('several files are put all or none', async (storage) => {
    await putFiles(storage, 'p', { 'a-1.0.0.tgz.prov': 'there' })
    const pair = { 'a-1.0.0.tgz': 'chart', 'a-1.0.0.tgz.prov': 'prov' }
    await assert.rejects(putFiles(storage, 'p', pair), fault('exists'))
    assert.deepEqual(await storedNames(storage, 'p'), ['a-1.0.0.tgz.prov'])
    assert.equal(await readStored(storage, 'p', 'a-1.0.0.tgz.prov'), 'there')
    await putFiles(storage, 'p', pair, true)
    assert.equal(await readStored(storage, 'p', 'a-1.0.0.tgz'), 'chart')
    assert.equal(await readStored(storage, 'p', 'a-1.0.0.tgz.prov'), 'prov')
  })

  rule('a provenance does not stay where its chart is refused', async (storage) => {
    await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'there' })
    const pair = { 'a-1.0.0.tgz': 'chart', 'a-1.0.0.tgz.prov': 'prov' }
    await assert.rejects(putFiles(storage, 'p', pair), fault('exists'))
    assert.deepEqual(await storedNames(storage, 'p'), ['a-1.0.0.tgz'])
    assert.equal(await readStored(storage, 'p', 'a-1.0.0.tgz'), 'there')
  })

  rule('a part of a file is read by its first and last byte', async (storage) => {
    await putFiles(storage, 'p', { 'a-1.0.0.tgz': '0123456789' })
    const file = await storage.get('p', 'a-1.0.0.tgz')
    assert.equal((await buffer(file.stream({ start: 2, end: 4 }))).toString(), '234')
  })

  rule(
    'the revision changes with each file that comes or goes, or there is none',
    async (storage) => {
      const marks = new Set<string | undefined>()
      const note = async () => marks.add((await storage.revision('p'))?.mark)
      await note()
      await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'a' })
      await note()
      // Directory times move in ticks of the kernel's clock.
      await new Promise((resolve) => setTimeout(resolve, 20))
      await putFiles(storage, 'p', { 'b-1.0.0.tgz': 'b' })
      await note()
      await new Promise((resolve) => setTimeout(resolve, 20))
      await storage.delete('p', 'a-1.0.0.tgz')
      await note()
      assert.equal(marks.size, backend.hasRevision ? 4 : 1)
    },
  )

  rule('a name that is no plain file name is refused', async (storage) => {
    for (const name of ['..', '.', '', 'a/b', '.hidden', 'a\u0000b', '\ud800']) {
      await assert.rejects(async () => storage.get('p', name), TypeError)
      await assert.rejects(async () => storage.get(name, 'a-1.0.0.tgz'), TypeError)
    }
  })
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
