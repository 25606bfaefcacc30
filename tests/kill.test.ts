import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAccounts } from './support/accounts.ts'
import { chartsOfGateway } from './support/chart-api.ts'
import { createIntactCheck } from './support/intact.ts'
import { killRepeatedly } from './support/kill-rounds.ts'
import { createRandom } from './support/random.ts'
import { makeDataDir, startGatewayProcess } from './support/running-chartgate.ts'
import { createUploadLoad } from './support/upload-load.ts'

/** Many more are in tests/soak. */
const ROUNDS = 8

test('kill -9 in a loop of uploads loses no answered upload and leaves no half of one', async (t) => {
  const dataDir = await makeDataDir(t)
  const charts = join(dataDir, 'charts')
  const load = createUploadLoad()
  const listFiles = () => readdir(join(charts, 'struck')).catch(() => [])
  await killRepeatedly({
    start: () => startGatewayProcess(t, { DATA_DIR: dataDir, LOG_LEVEL: 'warn' }),
    chartsOf: chartsOfGateway,
    prepare: async (url) => {
      const { createProject } = createAccounts(url)
      await createProject('struck')
      await createProject('calm')
    },
    load,
    assertIntact: createIntactCheck({ load, listFiles }),
    temporary: ['spool', 'journal'].map((name) => join(charts, '.chartgate', name)),
    random: createRandom(t),
    mayGoOn: (rounds) => rounds < ROUNDS,
  })
})
