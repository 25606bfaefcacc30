import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Storage } from '../../chartstore/storage/storage.ts'
import { always, type Fault, type FaultProxy, inTurn } from './fault-proxy.ts'
import { fault, putFiles, readStored, storedNames } from './stored-files.ts'

export const CHART = 'a-1.0.0.tgz'
export const PROV = 'a-1.0.0.tgz.prov'

export interface FaultRule {
  name: string
  /** Holds the rule in a project of its own. */
  check: (project: string) => Promise<void>
}

/**
 * Rules that every bucket keeps while things go wrong on the way to its server.
 * @param outages what may become of every request.
 */
export function faultRules(
  storage: Storage,
  proxy: FaultProxy,
  outages: readonly Fault[],
): FaultRule[] {
  const rules: FaultRule[] = []
  const rule = (name: string, check: FaultRule['check']) => rules.push({ name, check })

  rule('an upload whose answer is lost is stored once, and not refused by itself', async (p) => {
    proxy.set(inTurn('PUT', CHART, 'lose answer'))
    const [stored] = await putFiles(storage, p, { [CHART]: 'chart' })
    assert.deepEqual(await storage.list(p), [stored])
    await assert.rejects(putFiles(storage, p, { [CHART]: 'other' }), fault('exists'))
    proxy.set(always('PUT', PROV, 'lose answer'))
    await putFiles(storage, p, { [PROV]: 'prov' })
    assert.equal(await readStored(storage, p, PROV), 'prov')
  })

  rule('an upload is tried again after a 500 and after silence', async (p) => {
    proxy.set(inTurn('PUT', CHART, 500, 'stall'))
    const content = randomBytes(300_000)
    await putFiles(storage, p, { [CHART]: content })
    assert.ok((await (await storage.get(p, CHART)).read()).equals(content))
  })

  rule('where the server fails a file is unavailable, never missing', async (p) => {
    await putFiles(storage, p, { [CHART]: 'chart' })
    for (const what of outages) {
      proxy.set(() => what)
      await assert.rejects(storage.get(p, CHART), fault('unavailable'))
      await assert.rejects(storage.stat(p, CHART), fault('unavailable'))
      await assert.rejects(storage.list(p), fault('unavailable'))
      await assert.rejects(storage.delete(p, CHART), fault('unavailable'))
      await assert.rejects(putFiles(storage, p, { [CHART]: 'x' }), fault('unavailable'))
    }
    proxy.set(() => 'none')
    assert.equal(await readStored(storage, p, CHART), 'chart')
  })

  rule('a download that is cut off ends in an error, not early', async (p) => {
    await putFiles(storage, p, { [CHART]: randomBytes(300_000) })
    proxy.set(always('GET', CHART, 'cut body'))
    const streamed = await storage.get(p, CHART)
    await assert.rejects(buffer(streamed.stream()), fault('unavailable'))
    await assert.rejects((await storage.get(p, CHART)).read(), fault('unavailable'))
  })

  rule('a chart that cannot be stored leaves no provenance', async (p) => {
    proxy.set(always('PUT', CHART, 500))
    const pair = { [CHART]: 'chart', [PROV]: 'prov' }
    await assert.rejects(putFiles(storage, p, pair), fault('unavailable'))
    assert.deepEqual(await storedNames(storage, p), [])
  })

  rule('a part of a file that was replaced meanwhile is not of the new one', async (p) => {
    await putFiles(storage, p, { [CHART]: '0123456789' })
    const file = await storage.get(p, CHART)
    await putFiles(storage, p, { [CHART]: 'abcdefghij' }, true)
    await assert.rejects(buffer(file.stream({ start: 2, end: 4 })), fault('unavailable'))
  })

  return rules
}
