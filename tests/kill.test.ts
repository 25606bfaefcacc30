import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createAccounts } from './support/accounts.ts'
import { chartsOfGateway } from './support/chart-api.ts'
import { createIntactCheck, placeCalm, sceneOf } from './support/intact.ts'
import { makeDataDir, startGatewayProcess } from './support/running-chartgate.ts'
import { createUploadLoad } from './support/upload-load.ts'

const ROUNDS = 50

test('kill -9 in a loop of uploads loses no answered upload and leaves no half of one', async (t) => {
  const dataDir = await makeDataDir(t)
  const charts = join(dataDir, 'charts')
  const load = createUploadLoad()
  const listFiles = () => readdir(join(charts, 'struck')).catch(() => [])
  const assertIntact = createIntactCheck({ load, listFiles })

  for (let round = 0; round <= ROUNDS; round++) {
    const program = await startGatewayProcess(t, { DATA_DIR: dataDir, LOG_LEVEL: 'warn' })
    const scene = sceneOf(chartsOfGateway, program.url)
    if (round === 0) {
      const { createProject } = createAccounts(program.url)
      await createProject('struck')
      await createProject('calm')
      await placeCalm(scene)
    }
    await assertIntact(scene)
    for (const temporary of ['spool', 'journal']) {
      const left = await readdir(join(charts, '.chartgate', temporary))
      assert.deepEqual(left, [], `older than the restart: ${temporary}`)
    }
    if (round === ROUNDS) {
      assert.equal(await program.stop(), 0)
      return
    }
    const uploads = load.start(scene.project)
    await load.answers(1)
    // Some rounds end in the first uploads, some in the midst of many.
    await delay((round * 7) % 60)
    await program.kill()
    await uploads.stop()
  }
})
