import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAccounts } from '../support/accounts.ts'
import { chartsOfGateway, chartsOfStore } from '../support/chart-api.ts'
import { makeFolder } from '../support/folder.ts'
import { createIntactCheck } from '../support/intact.ts'
import { killRepeatedly } from '../support/kill-rounds.ts'
import { createRandom } from '../support/random.ts'
import { skipWithout } from '../support/real-clients.ts'
import {
  makeDataDir,
  startGatewayProcess,
  startStoreProcess,
} from '../support/running-chartgate.ts'
import { listProjectKeys, startS3Server } from '../support/s3-server.ts'
import { startSoak } from '../support/soak.ts'
import { createUploadLoad } from '../support/upload-load.ts'

const LOAD_MS = 600

const temporaryOf = (root: string) =>
  ['spool', 'journal'].map((name) => join(root, '.chartgate', name))

test('kill -9, many times: a store on a directory', async (t) => {
  const dir = await makeFolder(t)
  const load = createUploadLoad({ padding: 30_000 })
  const listFiles = () => readdir(join(dir, 'struck')).catch(() => [])
  const rounds = await killRepeatedly({
    start: () => startStoreProcess(t, { STORAGE_LOCAL_ROOTDIR: dir }),
    chartsOf: chartsOfStore,
    load,
    assertIntact: createIntactCheck({ load, listFiles }),
    temporary: temporaryOf(dir),
    random: createRandom(t),
    loadMs: LOAD_MS,
    mayGoOn: startSoak(0.15),
  })
  t.diagnostic(`${rounds} rounds, ${load.answered.size} charts`)
})

test('kill -9, many times: a gateway with its own database', async (t) => {
  const dataDir = await makeDataDir(t)
  const load = createUploadLoad({ padding: 30_000 })
  const listFiles = () => readdir(join(dataDir, 'charts/struck')).catch(() => [])
  const rounds = await killRepeatedly({
    start: () => startGatewayProcess(t, { DATA_DIR: dataDir, LOG_LEVEL: 'warn' }),
    chartsOf: chartsOfGateway,
    prepare: async (url) => {
      const { createProject } = createAccounts(url)
      await createProject('struck')
      await createProject('calm')
    },
    load,
    assertIntact: createIntactCheck({ load, listFiles }),
    temporary: temporaryOf(join(dataDir, 'charts')),
    random: createRandom(t),
    loadMs: LOAD_MS,
    mayGoOn: startSoak(0.15),
  })
  t.diagnostic(`${rounds} rounds, ${load.answered.size} charts`)
})

test('kill -9, many times: a store on a bucket', { skip: skipWithout('versitygw') }, async (t) => {
  const server = await startS3Server(t)
  const tempDir = await makeFolder(t)
  const load = createUploadLoad({ replacesPairs: false, padding: 30_000 })
  const listFiles = () => listProjectKeys(server, 'struck')
  const rounds = await killRepeatedly({
    start: () => startStoreProcess(t, { ...server.env, TMPDIR: tempDir }),
    chartsOf: chartsOfStore,
    load,
    assertIntact: createIntactCheck({ load, listFiles, isBucket: true }),
    temporary: [tempDir],
    random: createRandom(t),
    loadMs: LOAD_MS,
    mayGoOn: startSoak(0.2),
  })
  t.diagnostic(`${rounds} rounds, ${load.answered.size} charts`)
})
