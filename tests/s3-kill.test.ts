import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { chartsOfStore } from './support/chart-api.ts'
import { makeFolder } from './support/folder.ts'
import { createIntactCheck, placeCalm, sceneOf } from './support/intact.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { listProjectKeys, startS3Server } from './support/s3-server.ts'
import { createUploadLoad } from './support/upload-load.ts'

const skip = skipWithout('versitygw')
const ROUNDS = 8

test('kill -9 in a loop of uploads into a bucket loses no answered one, and no chart its provenance', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  const tempDir = await makeFolder(t)
  const load = createUploadLoad({ replacesPairs: false })
  const listFiles = () => listProjectKeys(server, 'struck')
  const assertIntact = createIntactCheck({ load, listFiles, isBucket: true })

  for (let round = 0; round <= ROUNDS; round++) {
    const store = await startStoreProcess(t, { ...server.env, TMPDIR: tempDir })
    const scene = sceneOf(chartsOfStore, store.url)
    if (round === 0) await placeCalm(scene)
    await assertIntact(scene)
    assert.deepEqual(await waitingUploads(tempDir), [])
    if (round === ROUNDS) {
      assert.equal(await store.stop(), 0)
      return
    }
    const uploads = load.start(scene.project)
    await load.answers(4)
    await delay(round * 7)
    await store.kill()
    await uploads.stop()
  }
})

async function waitingUploads(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map(({ name }) => name)
}
