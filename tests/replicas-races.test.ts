import assert from 'node:assert/strict'
import { mkdir, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createLocalStorage } from '../chartstore/storage/local-storage.ts'
import { type Storage, StorageError } from '../chartstore/storage/storage.ts'
import { buildChart } from './support/chart-package.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'
import { openProjectIndexes } from './support/project-indexes.ts'

const FILE = 'web-1.0.0.tgz'
const told = {
  project: 'p',
  fileName: FILE,
  files: [],
  origin: 'another store',
  asksStorage: false,
}

/** A project of one store whose storage tells no revision, as a bucket, and can be made slow or faulty. */
async function openProject(t: TestContext) {
  const dir = await makeFolder(t)
  await mkdir(join(dir, 'p'))
  const local = await createLocalStorage(dir)
  const faults = { failsGet: false, afterList: async () => {} }
  let reads = 0
  const storage: Storage = {
    ...local,
    revision: async () => undefined,
    get: async (project, fileName) => {
      if (fileName.endsWith('.tgz')) reads++
      if (faults.failsGet) throw new StorageError('unavailable', 'away')
      return local.get(project, fileName)
    },
    list: async (project) => {
      const files = await local.list(project)
      await faults.afterList()
      return files
    },
  }
  const open = (keepsCacheFile = false) => {
    const indexes = openProjectIndexes(storage, { keepsCacheFile })
    t.after(indexes.close)
    return { index: indexes.forWriting('p'), close: indexes.close }
  }
  return {
    faults,
    open,
    reads: () => reads,
    /** As another store leaves it, at one and the same second. */
    put: async (description: string, fileName = FILE, seconds = 1_700_000_000) => {
      const version = fileName.slice('web-'.length, -'.tgz'.length)
      const bytes = await buildChart({ name: 'web', version, metadata: { description } })
      await writeFile(join(dir, 'p', fileName), bytes)
      await utimes(join(dir, 'p', fileName), seconds, seconds)
    },
    remove: () => unlink(join(dir, 'p', FILE)),
  }
}

test('a deletion that is told late does not hide what was uploaded since', async (t) => {
  const { open, put } = await openProject(t)
  const { index } = open()
  await put('uploaded again')
  assert.ok((await index.current()).getFile(FILE))
  await index.receive({ ...told, entry: undefined, asksStorage: true })
  assert.ok((await index.current()).getFile(FILE))
})

test('an upload that is told late does not list what was deleted since', async (t) => {
  const { open, put, remove } = await openProject(t)
  const { index } = open()
  await put('to be deleted')
  const entry = (await index.current()).getFile(FILE)?.json
  assert.ok(entry)
  await remove()
  await index.compare()
  await index.receive({ ...told, entry, asksStorage: true })
  assert.equal((await index.current()).getFile(FILE), undefined)
})

test('a file that storage did not give when stores disagreed on it is read later, also with the same time', async (t) => {
  const { open, put, faults } = await openProject(t)
  const { index } = open()
  await put('one')
  assert.match((await index.current()).getFile(FILE)?.json ?? '', /"one"/)
  await put('two')
  faults.failsGet = true
  await index.receive({ ...told, entry: undefined, asksStorage: true })
  faults.failsGet = false
  await eventually(async () => {
    assert.match((await index.current()).getFile(FILE)?.json ?? '', /"two"/)
  })
})

test('a replacement in the same second that nobody told of is found when news were missed', async (t) => {
  const { open, put } = await openProject(t)
  const { index } = open()
  const now = Math.floor(Date.now() / 1000)
  await put('one', FILE, now)
  assert.match((await index.current()).getFile(FILE)?.json ?? '', /"one"/)
  await put('two', FILE, now)
  await index.compare()
  assert.match((await index.current()).getFile(FILE)?.json ?? '', /"two"/)
})

test('a file that came back while a listing was under way stays in the index', async (t) => {
  const { open, put, faults } = await openProject(t)
  const { index } = open()
  await put('another', 'web-2.0.0.tgz')
  await index.current()
  let once = async () => {
    once = async () => {}
    await put('came back')
    await index.receive({ ...told, entry: undefined, asksStorage: true })
  }
  faults.afterList = () => once()
  await index.compare()
  assert.ok((await index.current()).getFile(FILE))
})

test('a comparison before the first read believes index-cache.yaml, and reads no package', async (t) => {
  const { open, put, reads } = await openProject(t)
  await put('one')
  const before = open(true)
  await before.index.current()
  await before.close()
  assert.equal(reads(), 1)
  const { index } = open(true)
  await index.compare()
  assert.ok((await index.current()).getFile(FILE))
  assert.equal(reads(), 1)
})

test('an entry of another file in Redis is not taken for this one', async (t) => {
  const { open, put, remove } = await openProject(t)
  const { index } = open()
  await put('gone')
  const entry = (await index.current()).getFile(FILE)?.json
  await remove()
  await index.compare()
  await index.receive({ ...told, fileName: 'web-3.0.0.tgz', entry })
  assert.equal((await index.current()).versionCount(), 0)
})
