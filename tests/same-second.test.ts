import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startAzureServer } from './support/azure-server.ts'
import { skipWithoutAzurite } from './support/azurite.ts'
import { buildChart } from './support/chart-package.ts'
import { eventually } from './support/eventually.ts'
import { startGcsServer } from './support/gcs-server.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { putObject, startS3Server } from './support/s3-server.ts'
import { postRaw, readIndex } from './support/store-client.ts'
import { sha256 } from './support/upload-load.ts'

interface Bucket {
  env: Record<string, string>
  /** As another program does it. */
  put: (key: string, content: Buffer) => Promise<unknown>
}

const BUCKETS: {
  name: string
  skip: string | false
  start: (t: TestContext) => Promise<Bucket>
}[] = [
  {
    name: 'amazon',
    skip: skipWithout('versitygw'),
    start: async (t) => {
      const server = await startS3Server(t)
      return { env: server.env, put: (key, content) => putObject(server, key, content) }
    },
  },
  {
    name: 'google',
    skip: skipWithout('fake-gcs-server'),
    start: async (t) => {
      const { env, bucket } = await startGcsServer(t)
      return { env, put: (key, content) => bucket.file(key).save(content, { resumable: false }) }
    },
  },
  {
    name: 'microsoft',
    skip: skipWithoutAzurite(),
    start: async (t) => {
      const { env, container } = await startAzureServer(t)
      const blob = (key: string) => container.getBlockBlobClient(key)
      return { env, put: (key, content) => blob(key).upload(content, content.length) }
    },
  },
]

for (const { name, skip, start } of BUCKETS) {
  test(`${name}: a package that another program replaces within the second is indexed and served as it is`, {
    skip,
  }, async (t) => {
    const bucket = await start(t)
    const { url } = await startStoreProcess(t, { ...bucket.env, CACHE_INTERVAL: '200ms' })
    const [first, second] = await twoOfOneSize()
    const download = () => fetch(`${url}/p/charts/a-1.0.0.tgz`)
    await beginningOfSecond()
    assert.equal((await postRaw(`${url}/api/p/charts`, first)).status, 201)
    const before = await download()
    assert.equal(sha256(Buffer.from(await before.arrayBuffer())), sha256(first))
    await bucket.put('p/a-1.0.0.tgz', second)
    const after = await download()
    assert.equal(sha256(Buffer.from(await after.arrayBuffer())), sha256(second))
    assert.notEqual(after.headers.get('etag'), before.headers.get('etag'))
    await eventually(async () => {
      const [entry] = (await readIndex(`${url}/p`)).entries.a ?? []
      assert.equal(entry?.digest, sha256(second))
    })
  })
}

async function twoOfOneSize(): Promise<[Buffer, Buffer]> {
  const [first, ...others] = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      buildChart({ name: 'a', version: '1.0.0', metadata: { description: `try ${i + 10}` } }),
    ),
  )
  const second = others.find(({ length }) => length === first?.length)
  assert.ok(first && second)
  return [first, second]
}

function beginningOfSecond(): Promise<void> {
  return delay(1000 - (Date.now() % 1000))
}
