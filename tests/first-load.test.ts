import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ProjectIndex } from '../chartstore/index/project-index.ts'
import { createLocalStorage } from '../chartstore/storage/local-storage.ts'
import { type Storage, StorageError } from '../chartstore/storage/storage.ts'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { openProjectIndexes } from './support/project-indexes.ts'
import { createRandom } from './support/random.ts'

/** Enough for some pages of index-cache.yaml; one chart goes over several of them. */
const CHARTS = 300
const OLD = 1_700_000_000

const nameOf = (i: number) => (i < 200 ? 'many' : `chart-${i}`)
const fileOf = (i: number) => `${nameOf(i)}-${i}.0.0.tgz`

function build(i: number, description = 'as it was'): Promise<Buffer> {
  const annotations = { long: 'x'.repeat(1500) }
  return buildChart({
    name: nameOf(i),
    version: `${i}.0.0`,
    metadata: { description, annotations },
  })
}

/** Files that were there before the store was. */
async function writeOld(path: string, bytes: Buffer | string, time = OLD): Promise<void> {
  await writeFile(path, bytes)
  await utimes(path, time, time)
}

async function fillFolder(t: TestContext): Promise<{ dir: string; folder: string }> {
  const dir = await makeFolder(t)
  const folder = join(dir, 'p')
  await mkdir(folder)
  for (let i = 0; i < CHARTS; i++) await writeOld(join(folder, fileOf(i)), await build(i))
  for (let i = 0; i < 30; i++) await writeOld(join(folder, `${fileOf(i)}.prov`), 'signed')
  await writeOld(join(folder, 'none-1.0.0.tgz'), 'no chart')
  return { dir, folder }
}

/** Opens the project, tells what is in it and which packages were read for that, and leaves its state file. */
async function open(storage: Storage, keepsCacheFile = true) {
  const read = new Set<string>()
  const note = (fileName: string) => {
    if (fileName.endsWith('.tgz')) read.add(fileName)
  }
  const { localPath, get } = storage
  const indexes = openProjectIndexes(
    {
      ...storage,
      get: (project, fileName) => {
        note(fileName)
        return get(project, fileName)
      },
      ...(localPath && {
        localPath: (project, fileName) => {
          note(fileName)
          return localPath(project, fileName)
        },
      }),
    },
    { keepsCacheFile },
  )
  const index = await indexes.forReading('p')
  const state = await stateOf(index)
  await indexes.close()
  return { ...state, read }
}

async function stateOf(index: ProjectIndex) {
  const document = await index.current()
  const text = async (form: 'yaml' | 'json') => {
    const bytes = (await index.snapshot(form)).bytes()
    const whole = Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes)
    return whole.toString().replace(/"?generated"?: ?"[^"]+"/, '')
  }
  return {
    yaml: await text('yaml'),
    json: await text('json'),
    fingerprint: document.fingerprint().toString('hex'),
    charts: [...document.chartNames()].map((name) => [name, document.versions(name)?.length]),
    totals: index.totals(),
    problems: index.problems().sort((a, b) => (a.fileName < b.fileName ? -1 : 1)),
  }
}

/** Local folders are looked at file by file; what cannot be is listed. */
const STORAGES: [string, (storage: Storage) => Storage][] = [
  ['a folder', (storage) => storage],
  ['a storage that is only listed', ({ lookNow: _, ...storage }) => storage],
]

for (const [what, through] of STORAGES) {
  test(`of ${what} nothing is read again that index-cache.yaml tells of`, async (t) => {
    const { dir } = await fillFolder(t)
    const storage = through(await createLocalStorage(dir))
    const { read, ...first } = await open(storage)
    assert.equal(read.size, CHARTS + 1)
    const { read: readAgain, ...second } = await open(storage)
    assert.deepEqual(second, first)
    assert.deepEqual([...readAgain], ['none-1.0.0.tgz'])
  })

  test(`whatever was done to ${what} meanwhile, the index is the one that it has by itself`, async (t) => {
    const random = createRandom(t)
    const { dir, folder } = await fillFolder(t)
    const storage = through(await createLocalStorage(dir))
    await open(storage)
    for (let round = 0; round < 8; round++) {
      const changed = new Set<string>()
      for (let i = 0; i < random.below(12); i++) {
        const number = random.below(CHARTS + 20)
        const path = join(folder, fileOf(number))
        changed.add(fileOf(number))
        const at = OLD + round * 100 + i + 1
        const changes = [
          async () => writeOld(path, await build(number, `in round ${round}`), at),
          () => rm(path, { force: true }),
          () => rm(`${path}.prov`, { force: true }),
          () => writeOld(`${path}.prov`, `signed ${round}`, at),
          () => writeOld(path, 'no chart', at),
          () => utimes(path, at, at).catch(() => undefined),
          // the same version under another name
          () => rename(path, join(folder, `other-${number}.tgz`)).catch(() => undefined),
          () => copyFile(path, join(folder, `other-${number}.tgz`)).catch(() => undefined),
        ]
        await random.pick(changes)()
      }
      const { read, ...state } = await open(storage)
      const { read: _, ...alone } = await open(storage, false)
      assert.deepEqual(state, alone)
      // what is no version has nothing that could be kept
      for (const { fileName } of state.problems) changed.add(fileName)
      const unchanged = [...read].filter((name) => !changed.has(name) && !name.startsWith('other-'))
      assert.deepEqual(unchanged, [])
    }
  })
}

for (const [what, through] of STORAGES) {
  test(`of ${what} whose listing fails half way, the next one has all that was done meanwhile`, async (t) => {
    const { dir, folder } = await fillFolder(t)
    const storage = through(await createLocalStorage(dir))
    await open(storage)
    let isFailing = true
    const failOnce = async () => {
      if (!isFailing) return
      isFailing = false
      await rm(join(folder, fileOf(7)))
      await writeOld(join(folder, fileOf(8)), await build(8, 'another one'), OLD + 1)
      await writeOld(join(folder, fileOf(CHARTS)), await build(CHARTS))
      await rename(join(folder, fileOf(9)), join(folder, 'other-9.tgz'))
      throw new StorageError('unavailable', 'the disk is away')
    }
    const indexes = openProjectIndexes(
      {
        ...storage,
        listNames: async (project) => {
          await failOnce()
          return storage.listNames(project)
        },
        list: async (project) => {
          await failOnce()
          return storage.list(project)
        },
      },
      { keepsCacheFile: true },
    )
    t.after(indexes.close)
    const index = await indexes.forReading('p')
    await assert.rejects(index.current(), /the disk is away/)
    const state = await stateOf(index)
    const { read: _, ...alone } = await open(storage, false)
    assert.deepEqual(state, alone)
  })
}

test('a state file that is not as this version writes it is believed once, and then written anew', async (t) => {
  const { dir, folder } = await fillFolder(t)
  const storage = await createLocalStorage(dir)
  const { read: _, ...first } = await open(storage)
  const stateFile = join(folder, 'index-cache.yaml')
  const ours = await readFile(stateFile, 'utf8')
  for (const theirs of [
    withoutComments(ours),
    ours.replace(/^# written by Chartgate \S+/, '# written by Chartgate 0.0.1'),
  ]) {
    await writeFile(stateFile, theirs)
    const { read, ...second } = await open(storage)
    assert.deepEqual(second, first)
    assert.deepEqual([...read], ['none-1.0.0.tgz'])
    const written = await readFile(stateFile, 'utf8')
    assert.equal(written.split('\n')[0], ours.split('\n')[0])
    // ok: a difference would fill the screen
    assert.ok(withoutComments(written) === withoutComments(ours))
  }
})

function withoutComments(yaml: string): string {
  return yaml.replaceAll(/^#.*\n/gm, '')
}
