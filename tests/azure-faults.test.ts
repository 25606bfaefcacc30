import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { loadAzureConfig } from '../chartstore/storage/azure-config.ts'
import { createAzureObjects } from '../chartstore/storage/azure-objects.ts'
import { createObjectStorage } from '../chartstore/storage/object-storage.ts'
import { ConfigError, StartError } from '../service/start-error.ts'
import { startAzureServer } from './support/azure-server.ts'
import { skipWithoutAzurite } from './support/azurite.ts'
import { always, inTurn, startFaultProxy } from './support/fault-proxy.ts'
import { makeFolder } from './support/folder.ts'
import { fault, putFiles, readStored, storedNames } from './support/stored-files.ts'

const CHART = 'a-1.0.0.tgz'
const PROV = 'a-1.0.0.tgz.prov'
const log = pino({ level: 'silent' })

/** A storage with little patience, whose way to one server can fail. */
async function openThroughProxy(t: TestContext) {
  const server = await startAzureServer(t)
  const proxy = await startFaultProxy(t, server.url)
  const env = { ...server.env, AZURE_BASE_URL: server.url.replace(/^http:\/\/[^/]+/, proxy.url) }
  const patience = { connect: 1000, answer: 300 }
  const open = async (changes: Record<string, string> = {}) =>
    createObjectStorage({
      objects: createAzureObjects(loadAzureConfig({ ...env, ...changes }), log, patience),
      prefix: '',
      needsExclusiveCreate: true,
      patience,
      tempDir: await makeFolder(t),
    })
  return { server, proxy, open, storage: await open() }
}

test('microsoft: what goes wrong on the way', { skip: skipWithoutAzurite() }, async (t) => {
  const { server, proxy, open, storage } = await openThroughProxy(t)
  const rule = (name: string, body: (project: string) => Promise<void>) =>
    t.test(name, async () => {
      proxy.set(() => 'none')
      await body(`p-${randomBytes(4).toString('hex')}`)
    })

  await rule(
    'an upload whose answer is lost is stored once, and not refused by itself',
    async (p) => {
      proxy.set(inTurn('PUT', CHART, 'lose answer'))
      const [stored] = await putFiles(storage, p, { [CHART]: 'chart' })
      assert.deepEqual(await storage.list(p), [stored])
      await assert.rejects(putFiles(storage, p, { [CHART]: 'other' }), fault('exists'))
      proxy.set(always('PUT', PROV, 'lose answer'))
      await putFiles(storage, p, { [PROV]: 'prov' })
      assert.equal(await readStored(storage, p, PROV), 'prov')
    },
  )

  await rule('an upload is tried again after a 500 and after silence', async (p) => {
    proxy.set(inTurn('PUT', CHART, 500, 'stall'))
    const content = randomBytes(300_000)
    await putFiles(storage, p, { [CHART]: content })
    assert.ok((await (await storage.get(p, CHART)).read()).equals(content))
  })

  await rule('where the server fails a file is unavailable, never missing', async (p) => {
    await putFiles(storage, p, { [CHART]: 'chart' })
    for (const what of [500, 404, 'stall', 'lose answer'] as const) {
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

  await rule('a download that is cut off ends in an error, not early', async (p) => {
    await putFiles(storage, p, { [CHART]: randomBytes(300_000) })
    proxy.set(always('GET', CHART, 'cut body'))
    const streamed = await storage.get(p, CHART)
    await assert.rejects(buffer(streamed.stream()), fault('unavailable'))
    await assert.rejects((await storage.get(p, CHART)).read(), fault('unavailable'))
  })

  await rule('a chart that cannot be stored leaves no provenance', async (p) => {
    proxy.set(always('PUT', CHART, 500))
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

  await rule('an append blob, as ChartMuseum wrote them, is read and replaced', async (p) => {
    const blob = server.container.getAppendBlobClient(`${p}/${CHART}`)
    await blob.create()
    await blob.appendBlock('old', 3)
    assert.equal(await readStored(storage, p, CHART), 'old')
    await assert.rejects(putFiles(storage, p, { [CHART]: 'new' }), fault('exists'))
    await putFiles(storage, p, { [CHART]: 'new' }, true)
    assert.equal(await readStored(storage, p, CHART), 'new')
    assert.deepEqual(await storage.list(p), [await storage.stat(p, CHART)])
  })

  await rule(
    'what only the operator can mend is a start error that names the setting',
    async () => {
      const says = (pattern: RegExp) => (error: Error) =>
        error instanceof StartError && pattern.test(error.message)
      const container = { STORAGE_MICROSOFT_CONTAINER: 'nothere' }
      await assert.rejects(open(container), says(/STORAGE_MICROSOFT_CONTAINER.*"nothere"/))
      const key = { AZURE_STORAGE_ACCESS_KEY: randomBytes(32).toString('base64') }
      await assert.rejects(
        open(key),
        says(/check AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_ACCESS_KEY/),
      )
    },
  )

  await rule('a container that is gone makes its files unavailable, not missing', async (p) => {
    await putFiles(storage, p, { [CHART]: 'chart' })
    await server.container.delete()
    await assert.rejects(storage.get(p, CHART), fault('unavailable'))
    await assert.rejects(storage.stat(p, CHART), fault('unavailable'))
    await assert.rejects(storage.list(p), fault('unavailable'))
  })

  await rule('a server that is away is no reason not to start', async (p) => {
    proxy.set(() => 503)
    await assert.rejects((await open()).list(p), fault('unavailable'))
  })
})

test('microsoft: every setting that is missing is named', () => {
  assert.throws(
    () => loadAzureConfig({ STORAGE: 'microsoft' }),
    (error) =>
      error instanceof ConfigError &&
      ['STORAGE_MICROSOFT_CONTAINER', 'AZURE_STORAGE_ACCOUNT', 'AZURE_STORAGE_ACCESS_KEY'].every(
        (name) => error.message.includes(`${name} is required`),
      ),
  )
  const { serviceUrl } = loadAzureConfig({
    STORAGE_MICROSOFT_CONTAINER: 'charts',
    AZURE_STORAGE_ACCOUNT: 'acme',
    AZURE_STORAGE_ACCESS_KEY: 'a2V5',
    AZURE_BASE_URL: '',
  })
  assert.equal(serviceUrl, 'https://acme.blob.core.windows.net')
})
