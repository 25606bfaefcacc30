import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import type { Storage } from '../../chartstore/storage/storage.ts'
import { fault, putFiles, readStored, storedNames } from './stored-files.ts'

export interface OpenedStorage {
  storage: Storage
  /** What an upload leaves behind that is no file of a project. */
  leftovers: () => Promise<string[]>
}

/** What differs between backends. */
interface Traits {
  /** Whether it tells at once that others changed a project. */
  hasRevision: boolean
}

export interface StorageRule {
  name: string
  /** Holds the rule against a new storage, and looks for what was left behind. */
  check: (opened: OpenedStorage) => Promise<void>
}

/** Rules that every backend keeps. */
export function storageRules({ hasRevision }: Traits): StorageRule[] {
  const rules: StorageRule[] = []
  const rule = (name: string, body: (storage: Storage) => Promise<void>) => {
    rules.push({
      name,
      check: async ({ storage, leftovers }) => {
        await body(storage)
        assert.deepEqual(await leftovers(), [])
      },
    })
  }

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

  rule('a project that lost all its files takes new ones, many at a time', async (storage) => {
    await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'a' }, true)
    await storage.delete('p', 'a-1.0.0.tgz')
    const names = Array.from({ length: 8 }, (_, i) => `b-1.0.${i}.tgz`)
    await Promise.all(
      names.map((name, i) => putFiles(storage, 'p', { [name]: 'b', [`${name}.prov`]: '' }, i > 3)),
    )
    const provenance = names.map((name) => `${name}.prov`)
    assert.deepEqual(await storedNames(storage, 'p'), [...names, ...provenance].sort())
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
      assert.equal(marks.size, hasRevision ? 4 : 1)
    },
  )

  rule('a name that is no plain file name is refused', async (storage) => {
    for (const name of ['..', '.', '', 'a/b', '.hidden', 'a\u0000b', '\ud800']) {
      await assert.rejects(async () => storage.get('p', name), TypeError)
      await assert.rejects(async () => storage.get(name, 'a-1.0.0.tgz'), TypeError)
    }
  })

  return rules
}
