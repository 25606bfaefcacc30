import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { createLocalStorage } from '../chartstore/storage/local-storage.ts'
import type { Storage } from '../chartstore/storage/storage.ts'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { openProjectIndexes } from './support/project-indexes.ts'

/** More than are read without threads. */
const PACKAGES = 300
const packages = new Map<string, Buffer>()

before(async () => {
  for (let major = 0; major < PACKAGES; major++) {
    packages.set(`a-${major}.0.0.tgz`, await buildChart({ name: 'a', version: `${major}.0.0` }))
  }
  // Too long to be held whole.
  const files = { 'noise.bin': randomBytes(2 * 1024 * 1024) }
  packages.set('big-1.0.0.tgz', await buildChart({ name: 'big', version: '1.0.0', files }))
})

/** A project with the packages and three files that are none. */
async function fillFolder(t: TestContext): Promise<Storage> {
  const dir = await makeFolder(t)
  const folder = join(dir, 'p')
  await mkdir(join(folder, 'folder-1.0.0.tgz'), { recursive: true })
  const files = new Map(packages).set('empty-1.0.0.tgz', Buffer.alloc(0))
  files.set('text-1.0.0.tgz', Buffer.from('no package'))
  files.set('list-1.0.0.tgz', await buildChart({ name: 'list', version: 'none' }))
  for (const [fileName, bytes] of files) await writeFile(join(folder, fileName), bytes)
  return createLocalStorage(dir)
}

const NO_THREAD_PRIORITIES = process.platform === 'linux' ? false : 'threads have no priority here'

/** The niceness of each thread of this process. */
function threadPriorities(): number[] {
  return readdirSync('/proc/self/task').flatMap((id) => {
    try {
      return [getPriority(Number(id))]
    } catch {
      // it has ended meanwhile
      return []
    }
  })
}

/** Threads that are started from here on. They are shared, and stay for a second: `ended` waits until all are gone. */
function watchThreads(t: TestContext, onStart: (thread: Worker) => void = () => undefined) {
  const threads: Worker[] = []
  const exits: Promise<unknown>[] = []
  const note = (thread: Worker) => {
    threads.push(thread)
    exits.push(once(thread, 'exit'))
    onStart(thread)
  }
  process.on('worker', note)
  const ended = async () => {
    process.off('worker', note)
    await Promise.all(exits)
  }
  t.after(ended)
  return { threads, ended }
}

async function assertIndexed(storage: Storage): Promise<void> {
  const index = await openProjectIndexes(storage).forReading('p')
  const document = await index.current()
  assert.deepEqual([...document.fileNames()].sort(), [...packages.keys()].sort())
  const problems = index.problems().map(({ fileName, message }) => [fileName, message])
  assert.deepEqual(problems.sort(), [
    ['empty-1.0.0.tgz', 'EOF'],
    ['list-1.0.0.tgz', 'validation: chart.metadata.version "none" is invalid'],
    ['text-1.0.0.tgz', 'gzip: invalid header'],
  ])
}

test('many packages are read in threads, and one that is no chart harms no other', async (t) => {
  const { threads } = watchThreads(t)
  await assertIndexed(await fillFolder(t))
  assert.ok(threads.length > 0)
})

test('they leave the processor to the thread that serves', {
  skip: NO_THREAD_PRIORITIES,
}, async (t) => {
  const { ended } = watchThreads(t)
  const storage = await fillFolder(t)
  let sawLower = false
  const watch = setInterval(() => {
    sawLower ||= threadPriorities().some((priority) => priority > getPriority())
  }, 1)
  t.after(() => clearInterval(watch))
  await assertIndexed(storage)
  assert.ok(sawLower)
  await ended()
})

test('the bytes of packages that are not on this machine are given to threads', async (t) => {
  const { threads } = watchThreads(t)
  const { localPath: _, ...storage } = await fillFolder(t)
  await assertIndexed(storage)
  assert.ok(threads.length > 0)
})

const FACTS = [
  'name',
  'version',
  'fileName',
  'modifiedNs',
  'digest',
  'json',
  'parsedVersion',
  'fingerprint',
] as const

test('threads say of every package what is said of it without them', async (t) => {
  const storage = await fillFolder(t)
  watchThreads(t)
  const readAll = async () => (await openProjectIndexes(storage).forReading('p')).current()
  const inThreads = await readAll()
  const { localPath: _path, lookNow: _look, list, ...others } = storage
  const few = [...packages.keys()].slice(0, 20)
  const isFew = ({ fileName }: { fileName: string }) => few.includes(fileName)
  const fewOnly = {
    ...others,
    list: async (project: string) => (await list(project)).filter(isFew),
  }
  const index = await openProjectIndexes(fewOnly).forReading('p')
  const here = await index.current()
  for (const fileName of few) {
    const [threaded, own] = [inThreads, here].map((document) => document.getFile(fileName))
    for (const fact of FACTS) assert.deepEqual(threaded?.[fact], own?.[fact], fact)
  }
})

test('a thread that dies at its start, or with packages in hand, loses none of them', async (t) => {
  const storage = await fillFolder(t)
  const killers: ((thread: Worker) => void)[] = [
    (thread) => thread.terminate(),
    (thread) => thread.once('message', () => thread.terminate()),
  ]
  for (const kill of killers) {
    const { threads, ended } = watchThreads(t, kill)
    await assertIndexed(storage)
    assert.ok(threads.length > 0)
    await ended()
  }
})

test('threads end when there is nothing more to read', async (t) => {
  const { threads, ended } = watchThreads(t)
  await assertIndexed(await fillFolder(t))
  assert.ok(threads.length > 0)
  await ended()
})
