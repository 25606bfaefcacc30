import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartsOfStore } from './support/chart-api.ts'
import { buildChart } from './support/chart-package.ts'
import { type Fault, startFaultProxy } from './support/fault-proxy.ts'
import { createIntactCheck, placeCalm, sceneOf } from './support/intact.ts'
import { createRandom } from './support/random.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStore } from './support/running-store.ts'
import { listProjectKeys, openS3Storage, putObject, startS3Server } from './support/s3-server.ts'
import { createUploadLoad } from './support/upload-load.ts'

const FAULTS: readonly Fault[] = [500, 503, 'stall', 'lose answer', 'cut body', 'cut upload']

test('a bucket that stalls, fails, loses answers and cuts bodies costs no answered upload, and other projects nothing', {
  skip: skipWithout('versitygw'),
}, async (t) => {
  const random = createRandom(t)
  const server = await startS3Server(t)
  const proxy = await startFaultProxy(t, server.url)
  const patience = { connect: 1000, answer: 150 }
  const { storage } = await openS3Storage(
    t,
    { url: proxy.url, bucket: server.bucket },
    { patience },
  )
  const store = await startStore(t, { storage, policy: { reconcileMs: 100 } })
  const scene = sceneOf(chartsOfStore, store.url)
  await placeCalm(scene)
  const load = createUploadLoad({ mayRefuse: [503], replacesPairs: false, padding: 5000 })
  const listFiles = () => listProjectKeys(server, 'struck')
  const assertIntact = createIntactCheck({ load, listFiles, isBucket: true })

  const struck = new Map<Fault, number>()
  proxy.set(({ path }) => {
    if (!/struck(\/|%2F)/.test(path) || random.below(2) > 0) return 'none'
    const fault = random.pick(FAULTS)
    struck.set(fault, (struck.get(fault) ?? 0) + 1)
    return fault
  })
  const uploads = load.start(scene.project)
  let isStormy = true
  const readCalm = async () => {
    while (isStormy) {
      for (const path of ['index.yaml', 'charts/calm-1.0.0.tgz']) {
        const answer = await fetch(`${scene.calm.repository}/${path}`)
        assert.equal(answer.status, 200, path)
        await answer.arrayBuffer()
      }
    }
  }
  const readStruck = async () => {
    while (isStormy) {
      const known = [...load.answered.keys()]
      const answer = await fetch(`${scene.project.repository}/index.yaml`)
      const text = await answer.text()
      if (answer.status === 503) continue
      assert.equal(answer.status, 200)
      for (const name of known) assert.ok(text.includes(`charts/${name}"`), name)
    }
  }
  const readers = Promise.all([readCalm(), readStruck()])
  // Packages of another program have to be read, through all of this.
  for (let i = 0; i < 10; i++) {
    const chart = await buildChart({ name: 'foreign', version: `1.${i}.0` })
    await putObject(server, `struck/foreign-1.${i}.0.tgz`, chart)
    await load.answers(4)
  }
  await uploads.stop()
  isStormy = false
  await readers
  for (const fault of FAULTS) assert.ok((struck.get(fault) ?? 0) > 0, `${fault} never struck`)
  t.diagnostic(
    `struck: ${JSON.stringify([...struck])}, refused: ${JSON.stringify([...load.refusals])}`,
  )

  proxy.set(() => 'none')
  await assertIntact(scene, 10_000)
})
