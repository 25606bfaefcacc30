import { type TestContext, test } from 'node:test'
import { startAzureServer } from './support/azure-server.ts'
import { skipWithoutAzurite } from './support/azurite.ts'
import { startGcsServer } from './support/gcs-server.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { assertServesCharts } from './support/serves-charts.ts'

/** Object stores, each with the settings of an operator. S3 has tests of its own. */
const STORES: {
  name: string
  start: (t: TestContext) => Promise<{ env: Record<string, string>; keys: () => Promise<string[]> }>
  prefixName: string
  skip: string | false
}[] = [
  {
    name: 'microsoft',
    start: startAzureServer,
    prefixName: 'STORAGE_MICROSOFT_PREFIX',
    skip: skipWithoutAzurite(),
  },
  {
    name: 'google',
    start: startGcsServer,
    prefixName: 'STORAGE_GOOGLE_PREFIX',
    skip: skipWithout('fake-gcs-server'),
  },
]

for (const { name, start, prefixName, skip } of STORES) {
  test(`${name}: charts are uploaded once, listed, downloaded in parts and deleted`, {
    skip,
  }, async (t) => {
    const server = await start(t)
    const env = { ...server.env, [prefixName]: '/some/where/', ALLOW_OVERWRITE: 'false' }
    const { url } = await startStoreProcess(t, env)
    await assertServesCharts(url, server.keys)
  })
}
