import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { chartsOfStore } from './support/chart-api.ts'
import { eventually } from './support/eventually.ts'
import { createIntactCheck, placeCalm, sceneOf } from './support/intact.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { listProjectKeys, startS3Server } from './support/s3-server.ts'
import { outcome, readIndex } from './support/store-client.ts'
import { createUploadLoad } from './support/upload-load.ts'

test('a project that is emptied by hand in its bucket is empty at the interval, and takes charts all the time', {
  skip: skipWithout('versitygw'),
}, async (t) => {
  const server = await startS3Server(t)
  const env = { ...server.env, CACHE_INTERVAL: '200ms' }
  const store = await startStoreProcess(t, env)
  const scene = sceneOf(chartsOfStore, store.url)
  await placeCalm(scene)
  const listFiles = () => listProjectKeys(server, 'struck')
  const empty = async () => {
    for (const name of await listFiles()) {
      const Key = `struck/${name}`
      await server.client.send(new DeleteObjectCommand({ Bucket: server.bucket, Key }))
    }
  }

  const lost = createUploadLoad()
  const before = lost.start(scene.project)
  await lost.answers(20)
  await before.stop()
  await empty()
  await eventually(async () => {
    assert.deepEqual((await readIndex(scene.project.repository)).entries, {})
    const nothing = { charts: 0, versions: 0, files: 0, bytes: 0 }
    assert.deepEqual(await outcome(fetch(`${scene.project.api}/_stats`)), [200, nothing])
  })

  // Once more, in the midst of uploads: every one of them is taken.
  const during = createUploadLoad()
  const uploads = during.start(scene.project)
  await during.answers(10)
  await empty()
  await during.answers(10)
  await uploads.stop()
  const after = createUploadLoad()
  await empty()
  const last = after.start(scene.project)
  await after.answers(20)
  await last.stop()
  await createIntactCheck({ load: after, listFiles, isBucket: true })(scene, 5000)
  assert.equal(await store.stop(), 0)
})
