import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { loadAzureConfig } from '../chartstore/storage/azure-config.ts'
import { createAzureObjects } from '../chartstore/storage/azure-objects.ts'
import { createObjectStorage } from '../chartstore/storage/object-storage.ts'
import { ConfigError, StartError } from '../service/start-error.ts'
import { startAzureServer } from './support/azure-server.ts'
import { skipWithoutAzurite } from './support/azurite.ts'
import { startFaultProxy } from './support/fault-proxy.ts'
import { CHART, checkFaultRules, type FaultyBackend, rulesOn } from './support/fault-rules.ts'
import { makeFolder } from './support/folder.ts'
import { fault, putFiles, readStored } from './support/stored-files.ts'

const log = pino({ level: 'silent' })

const endsIn = (path: string, fileName: string) => path.replace(/\?.*/, '').endsWith(fileName)

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
  const backend: FaultyBackend = {
    storage,
    proxy,
    isUpload: ({ method, path }, fileName) => method === 'PUT' && endsIn(path, fileName),
    isDownload: ({ method, path }, fileName) => method === 'GET' && endsIn(path, fileName),
  }
  const rule = rulesOn(t, backend)
  await checkFaultRules(rule, backend)

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
