import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ADMIN, createAccounts } from './support/accounts.ts'
import { basic } from './support/gateway.ts'
import { createHelmHome, loginArgs } from './support/helm-home.ts'
import { createHelm2Home } from './support/helm2-home.ts'
import { NASTY_CHARTS, uploadNastyCharts } from './support/nasty-charts.ts'
import { skipWithout } from './support/real-clients.ts'
import { startChartgate } from './support/running-chartgate.ts'
import { startStore } from './support/running-store.ts'

const DESCRIBED = NASTY_CHARTS.map(({ name, entry: { appVersion, description } }) => ({
  name: `hub/${name}`,
  version: '1.0.0',
  app_version: appVersion ?? '',
  description: description ?? '',
}))

const NESTED = DESCRIBED.map((chart) => ({ ...chart, name: chart.name.replace('/', '/p/') }))

// Helm 2 reads JSON as YAML, where not every escape of JSON is allowed; helm 3 and 4 have a parser for each form.
for (const form of ['yaml', 'json'] as const) {
  const env = { JSON_INDEX: String(form === 'json') }

  for (const version of ['helm3', 'helm4'] as const) {
    test(`${version} lists every chart of a ${form} index, however nasty its neighbours`, {
      skip: skipWithout(version),
    }, async (t) => {
      const { url } = await startStore(t, { env })
      await uploadNastyCharts(url, 'p')
      const { helm } = await createHelmHome(t, version)
      await helm('repo', 'add', 'hub', `${url}/p`)
      await helm('repo', 'update')
      const found = JSON.parse(await helm('search', 'repo', 'hub', '-o', 'json')) as {
        name: string
      }[]
      assert.deepEqual(found.sort(byName), DESCRIBED.toSorted(byName))
    })
  }

  test(`helm 2 lists every chart of a ${form} index, however nasty its neighbours`, {
    skip: skipWithout('helm2'),
  }, async (t) => {
    const { url } = await startStore(t, { env })
    await uploadNastyCharts(url, 'p')
    const { helm2 } = await createHelm2Home(t)
    await helm2('repo-add', 'hub', `${url}/p`, '', '')
    await helm2('repo-update')
    const found = (await helm2('search', 'hub')).trimEnd().split('\n')
    assert.deepEqual(found.sort(), DESCRIBED.map((chart) => `${chart.name} 1.0.0`).sort())
  })
}

for (const version of ['helm3', 'helm4'] as const) {
  test(`${version} lists every chart of a merged index, and pulls from it`, {
    skip: skipWithout(version),
  }, async (t) => {
    const url = await startMerged(t)
    const { helm } = await createHelmHome(t, version)
    await helm('repo', 'add', 'hub', url, ...loginArgs(ADMIN))
    await helm('repo', 'update')
    const found = JSON.parse(await helm('search', 'repo', 'hub', '-o', 'json')) as {
      name: string
    }[]
    assert.deepEqual(found.sort(byName), NESTED.toSorted(byName))
    await helm('pull', 'hub/p/row0', '--version', '1.0.0')
    await helm('pull', 'row1', '--repo', `${url}/p`, ...loginArgs(ADMIN))
  })
}

test('helm 2 lists every chart of a merged index, and fetches from it', {
  skip: skipWithout('helm2'),
}, async (t) => {
  const url = await startMerged(t)
  const { helm2, folder } = await createHelm2Home(t)
  await helm2('repo-add', 'hub', url, ADMIN.username, ADMIN.password)
  await helm2('repo-update')
  const found = (await helm2('search', 'hub')).trimEnd().split('\n')
  assert.deepEqual(found.sort(), NESTED.map((chart) => `${chart.name} 1.0.0`).sort())
  await helm2('fetch', 'hub/p/row0', '1.0.0', folder)
})

/** @returns where the index over all projects is, of which one has charts. */
async function startMerged(t: TestContext): Promise<string> {
  const { url } = await startChartgate(t)
  await createAccounts(url).createProject('p')
  const authorization = basic(ADMIN.username, ADMIN.password)
  await uploadNastyCharts(url, 'chartrepo/p', { authorization })
  return `${url}/chartrepo`
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}
