import { test } from 'node:test'
import { chartsOfStore } from './support/chart-api.ts'
import { makeFolder } from './support/folder.ts'
import { createIntactCheck } from './support/intact.ts'
import { killRepeatedly } from './support/kill-rounds.ts'
import { createRandom } from './support/random.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { listProjectKeys, startS3Server } from './support/s3-server.ts'
import { createUploadLoad } from './support/upload-load.ts'

/** Many more are in tests/soak. */
const ROUNDS = 5

test('kill -9 in a loop of uploads into a bucket loses no answered one, and no chart its provenance', {
  skip: skipWithout('versitygw'),
}, async (t) => {
  const server = await startS3Server(t)
  const tempDir = await makeFolder(t)
  const load = createUploadLoad({ replacesPairs: false })
  const listFiles = () => listProjectKeys(server, 'struck')
  await killRepeatedly({
    start: () => startStoreProcess(t, { ...server.env, TMPDIR: tempDir }),
    chartsOf: chartsOfStore,
    load,
    assertIntact: createIntactCheck({ load, listFiles, isBucket: true }),
    temporary: [tempDir],
    random: createRandom(t),
    mayGoOn: (rounds) => rounds < ROUNDS,
  })
})
