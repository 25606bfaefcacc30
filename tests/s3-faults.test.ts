import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { DeleteBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { StartError } from '../service/start-error.ts'
import { openClaims } from './support/claims.ts'
import { always, inTurn, startFaultProxy } from './support/fault-proxy.ts'
import { skipWithout } from './support/real-clients.ts'
import { startRedis } from './support/redis-server.ts'
import { listKeys, openS3Storage, putObject, startS3Server } from './support/s3-server.ts'
import { fault, putFiles, readStored, storedNames } from './support/stored-files.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

const skip = skipWithout('versitygw')
const CHART = 'a-1.0.0.tgz'
const PROV = 'a-1.0.0.tgz.prov'
const PAIR = { [CHART]: 'chart', [PROV]: 'prov' }

/** A storage whose way to the server can fail, with little patience. */
async function openThroughProxy(t: TestContext) {
  const server = await startS3Server(t)
  const proxy = await startFaultProxy(t, server.url)
  const { storage } = await openS3Storage(
    t,
    { url: proxy.url, bucket: server.bucket },
    { patience: { connect: 1000, answer: 300 } },
  )
  return { server, proxy, storage }
}

test('an upload whose answer is lost is stored once, and not refused by itself', {
  skip,
}, async (t) => {
  const { proxy, storage } = await openThroughProxy(t)
  proxy.set(inTurn('PUT', CHART, 'lose answer'))
  const [stored] = await putFiles(storage, 'p', { [CHART]: 'chart' })
  assert.deepEqual(await storage.list('p'), [stored])
  await assert.rejects(putFiles(storage, 'p', { [CHART]: 'other' }), fault('exists'))
  assert.equal(await readStored(storage, 'p', CHART), 'chart')
})

test('an upload that was carried out each time is stored, though no attempt was answered', {
  skip,
}, async (t) => {
  const { proxy, storage } = await openThroughProxy(t)
  proxy.set(always('PUT', CHART, 'lose answer'))
  await putFiles(storage, 'p', { [CHART]: 'chart' })
  assert.equal(await readStored(storage, 'p', CHART), 'chart')
})

test('an upload is tried again after a 500 and after silence', { skip }, async (t) => {
  const { proxy, storage } = await openThroughProxy(t)
  proxy.set(inTurn('PUT', CHART, 500, 'stall'))
  const content = randomBytes(300_000)
  await putFiles(storage, 'p', { [CHART]: content })
  const file = await storage.get('p', CHART)
  assert.ok((await file.read()).equals(content))
})

test('where the server fails a file is unavailable, never missing', { skip }, async (t) => {
  const { proxy, storage } = await openThroughProxy(t)
  await putFiles(storage, 'p', { [CHART]: 'chart' })
  for (const what of [500, 'stall', 'lose answer'] as const) {
    proxy.set(() => what)
    await assert.rejects(storage.get('p', CHART), fault('unavailable'))
    await assert.rejects(storage.stat('p', CHART), fault('unavailable'))
    await assert.rejects(storage.list('p'), fault('unavailable'))
    await assert.rejects(storage.delete('p', CHART), fault('unavailable'))
    await assert.rejects(putFiles(storage, 'p', { [CHART]: 'x' }), fault('unavailable'))
  }
  proxy.set(() => 'none')
  assert.equal(await readStored(storage, 'p', CHART), 'chart')
})

test('a bucket that is gone makes its files unavailable, not missing', { skip }, async (t) => {
  const server = await startS3Server(t)
  const { storage } = await openS3Storage(t, server)
  await assert.rejects(storage.stat('p', CHART), fault('missing'))
  await server.client.send(new DeleteBucketCommand({ Bucket: server.bucket }))
  await assert.rejects(storage.stat('p', CHART), fault('unavailable'))
  await assert.rejects(storage.get('p', CHART), fault('unavailable'))
  await assert.rejects(storage.delete('p', CHART), fault('unavailable'))
  await assert.rejects(storage.list('p'), fault('unavailable'))
})

test('a download that is cut off ends in an error, not early', { skip }, async (t) => {
  const { proxy, storage } = await openThroughProxy(t)
  await putFiles(storage, 'p', { [CHART]: randomBytes(300_000) })
  proxy.set(always('GET', CHART, 'cut body'))
  const streamed = await storage.get('p', CHART)
  await assert.rejects(buffer(streamed.stream()), fault('unavailable'))
  const whole = await storage.get('p', CHART)
  await assert.rejects(whole.read(), fault('unavailable'))
  const part = await storage.get('p', CHART)
  await assert.rejects(buffer(part.stream({ start: 1, end: 200_000 })), fault('unavailable'))
})

test('a listing of which a page fails is no listing', { skip }, async (t) => {
  const { server, proxy, storage } = await openThroughProxy(t)
  const names = Array.from({ length: 1005 }, (_, i) => `a-1.0.${i}.tgz`)
  await Promise.all(names.map((name) => putObject(server, `p/${name}`, 'x')))
  assert.deepEqual(await storedNames(storage, 'p'), names.sort())
  proxy.set(({ path }) => (path.includes('continuation-token') ? 500 : 'none'))
  await assert.rejects(storage.listNames('p'), fault('unavailable'))
})

test('a chart that cannot be stored leaves no provenance, or the old one', { skip }, async (t) => {
  const { proxy, storage } = await openThroughProxy(t)
  proxy.set(always('PUT', CHART, 500))
  await assert.rejects(putFiles(storage, 'p', PAIR), fault('unavailable'))
  await assert.rejects(putFiles(storage, 'p', PAIR, true), fault('unavailable'))
  assert.deepEqual(await storedNames(storage, 'p'), [])
  proxy.set(() => 'none')
  await putFiles(storage, 'p', { [PROV]: 'old' })
  proxy.set(always('PUT', CHART, 500))
  await assert.rejects(putFiles(storage, 'p', PAIR, true), fault('unavailable'))
  assert.deepEqual(await storedNames(storage, 'p'), [PROV])
  assert.equal(await readStored(storage, 'p', PROV), 'old')
})

test('where nobody can tell whether the chart was stored its provenance stays', {
  skip,
}, async (t) => {
  const { server, proxy, storage } = await openThroughProxy(t)
  let isCut = false
  proxy.set(({ method, path }) => {
    isCut ||= method === 'PUT' && path.includes(`${CHART}?`)
    return isCut ? 'lose answer' : 'none'
  })
  await assert.rejects(putFiles(storage, 'p', PAIR), fault('unavailable'))
  assert.deepEqual(await listKeys(server), [`p/${CHART}`, `p/${PROV}`])
})

test('a file that is stored is stored, though the server does not tell its time', {
  skip,
}, async (t) => {
  const { server, proxy, storage } = await openThroughProxy(t)
  proxy.set(({ method }) => (method === 'HEAD' ? 500 : 'none'))
  const [stored] = await putFiles(storage, 'p', { [CHART]: 'chart' })
  const [listed] = await storage.list('p')
  assert.deepEqual(await listKeys(server), [`p/${CHART}`])
  // The next comparison must read it again.
  assert.notEqual(stored?.modifiedNs, listed?.modifiedNs)
})

test('objects carry the id of their upload', { skip }, async (t) => {
  const server = await startS3Server(t)
  const { storage } = await openS3Storage(t, server)
  await putFiles(storage, 'p', { [CHART]: 'chart' })
  const head = new HeadObjectCommand({ Bucket: server.bucket, Key: `p/${CHART}` })
  const { Metadata } = await server.client.send(head)
  assert.match(Metadata?.['chartgate-upload'] ?? '', /^[\da-f-]{36}$/)
})

test('where overwriting is off a server without exclusive create needs claims, and they decide', {
  skip: skip || skipWithoutPrograms('redis-server'),
}, async (t) => {
  const server = await startS3Server(t)
  const proxy = await startFaultProxy(t, server.url)
  const weak = { url: proxy.url, bucket: server.bucket }
  const redis = await startRedis(t)
  const claims = [await openClaims(t, redis), await openClaims(t, redis)]
  // Some servers read past If-None-Match, some say that they do not know it.
  for (const answer of [200, 501]) {
    proxy.set(({ method, path }) =>
      method === 'PUT' && path.includes('/probe/') ? answer : 'none',
    )
    await assert.rejects(
      openS3Storage(t, weak),
      (error) =>
        error instanceof StartError &&
        /set CACHE=redis, .* or ALLOW_OVERWRITE=true/.test(error.message),
    )
    await openS3Storage(t, weak, { needsExclusiveCreate: false })
    const stores = await Promise.all(claims.map((claim) => openS3Storage(t, weak, { claim })))
    const tries = Array.from({ length: 10 }, (_, i) => {
      const { storage } = stores[i % 2] ?? assert.fail()
      return putFiles(storage, `p${answer}`, { ...PAIR, [CHART]: `try ${i}` })
    })
    const results = await Promise.allSettled(tries)
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    const lost = results.filter((result) => result.status === 'rejected')
    assert.ok(lost.every(({ reason }) => fault('exists')(reason)))
  }
})

test('what only the operator can mend is a start error that names the setting', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  await assert.rejects(
    openS3Storage(t, { url: server.url, bucket: 'nothere' }),
    (error) =>
      error instanceof StartError && /STORAGE_AMAZON_BUCKET.*"nothere"/.test(error.message),
  )
})
