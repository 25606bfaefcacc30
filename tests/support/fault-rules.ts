import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { Storage } from '../../chartstore/storage/storage.ts'
import type { Fault, FaultProxy } from './fault-proxy.ts'
import { fault, putFiles, readStored, storedNames } from './stored-files.ts'

export const CHART = 'a-1.0.0.tgz'
export const PROV = 'a-1.0.0.tgz.prov'

type Request = { method: string; path: string }

/** A storage whose way to its server can fail, and how its requests are told. */
export interface FaultyBackend {
  storage: Storage
  proxy: FaultProxy
  isUpload: (request: Request, fileName: string) => boolean
  isDownload: (request: Request, fileName: string) => boolean
  /** What may become of every request. */
  outages?: readonly Fault[]
}

const OUTAGES: readonly Fault[] = [500, 404, 'stall', 'lose answer']

export type Rule = (name: string, body: (project: string) => Promise<void>) => Promise<void>

/** Rules on one server, each in a project of its own and with a way that is whole to begin with. */
export function rulesOn(t: TestContext, { proxy }: FaultyBackend): Rule {
  return (name, body) =>
    t.test(name, async () => {
      proxy.set(() => 'none')
      await body(`p-${randomBytes(4).toString('hex')}`)
    })
}

/** What every object store does when its server or the way to it fails. */
export async function checkFaultRules(rule: Rule, backend: FaultyBackend): Promise<void> {
  const { storage, proxy, isUpload, isDownload, outages = OUTAGES } = backend
  const uploadsMeet = (fileName: string, ...faults: Fault[]) => {
    const left = [...faults]
    proxy.set((request) => (isUpload(request, fileName) ? (left.shift() ?? 'none') : 'none'))
  }
  const everyUploadMeets = (fileName: string, what: Fault) =>
    uploadsMeet(fileName, ...Array.from({ length: 20 }, () => what))

  await rule(
    'an upload whose answer is lost is stored once, and not refused by itself',
    async (p) => {
      uploadsMeet(CHART, 'lose answer')
      const [stored] = await putFiles(storage, p, { [CHART]: 'chart' })
      assert.deepEqual(await storage.list(p), [stored])
      await assert.rejects(putFiles(storage, p, { [CHART]: 'other' }), fault('exists'))
      everyUploadMeets(PROV, 'lose answer')
      await putFiles(storage, p, { [PROV]: 'prov' })
      assert.equal(await readStored(storage, p, PROV), 'prov')
    },
  )

  await rule(
    'an upload is tried again after a 500, after silence and when it was cut',
    async (p) => {
      const content = randomBytes(300_000)
      for (const [i, what] of ([500, 'stall', 'cut upload'] as const).entries()) {
        const name = `a-1.0.${i}.tgz`
        uploadsMeet(name, what)
        await putFiles(storage, p, { [name]: content })
        assert.ok((await (await storage.get(p, name)).read()).equals(content))
      }
    },
  )

  await rule('where the server fails a file is unavailable, never missing', async (p) => {
    await putFiles(storage, p, { [CHART]: 'chart' })
    for (const what of outages) {
      proxy.set(() => what)
      const calls = [
        storage.get(p, CHART),
        storage.stat(p, CHART),
        storage.list(p),
        storage.delete(p, CHART),
        putFiles(storage, p, { [CHART]: 'x' }),
      ]
      await Promise.all(calls.map((call) => assert.rejects(call, fault('unavailable'))))
    }
    proxy.set(() => 'none')
    assert.equal(await readStored(storage, p, CHART), 'chart')
  })

  await rule('a download that is cut off ends in an error, not early', async (p) => {
    await putFiles(storage, p, { [CHART]: randomBytes(300_000) })
    proxy.set((request) => (isDownload(request, CHART) ? 'cut body' : 'none'))
    const streamed = await storage.get(p, CHART)
    await assert.rejects(buffer(streamed.stream()), fault('unavailable'))
    await assert.rejects((await storage.get(p, CHART)).read(), fault('unavailable'))
  })

  await rule('a chart that cannot be stored leaves no provenance', async (p) => {
    everyUploadMeets(CHART, 500)
    const pair = { [CHART]: 'chart', [PROV]: 'prov' }
    await assert.rejects(putFiles(storage, p, pair), fault('unavailable'))
    assert.deepEqual(await storedNames(storage, p), [])
  })

  await rule('a part of a file that was replaced meanwhile is not of the new one', async (p) => {
    await putFiles(storage, p, { [CHART]: '0123456789' })
    const file = await storage.get(p, CHART)
    await putFiles(storage, p, { [CHART]: 'abcdefghij' }, true)
    await assert.rejects(buffer(file.stream({ start: 2, end: 4 })), fault('unavailable'))
  })
}
