import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ADMIN, basicAuth, createAccounts } from './support/accounts.ts'
import { type ChartApi, chartsOfGateway, chartsOfStore } from './support/chart-api.ts'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { createGpgKey } from './support/gpg-key.ts'
import { createHelmHome, type HelmHome, loginArgs } from './support/helm-home.ts'
import { skipWithout } from './support/real-clients.ts'
import { startChartgate, startStoreProcess } from './support/running-chartgate.ts'
import { signedText } from './support/signed-text.ts'
import { readIndex } from './support/store-client.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

/** The programs as an operator starts them, with one project and how helm logs in to it. */
const PROGRAMS: { name: string; start: (t: TestContext) => Promise<[ChartApi, string[]]> }[] = [
  {
    name: 'a store',
    start: async (t) => {
      const { url } = await startStoreProcess(t, { STORAGE_LOCAL_ROOTDIR: await makeFolder(t) })
      return [chartsOfStore(url), []]
    },
  },
  {
    name: 'a gateway',
    start: async (t) => {
      const { url } = await startChartgate(t)
      await createAccounts(url).createProject('p')
      return [chartsOfGateway(url, 'p', basicAuth(ADMIN)), loginArgs(ADMIN)]
    },
  },
]

/** ChartMuseum's test data. */
const CHARTS = [
  ...['mychart-0.1.0', 'mychart-0.2.0', 'mychart-0.0.1', 'mychart2-0.1.0-SNAPSHOT-1'],
  ...['otherchart-0.1.0', 'mychart-service-0.1.0', 'mychart-service-0.0.1'],
]

for (const { name, start } of PROGRAMS) {
  test(`${name} passes ChartMuseum's acceptance suite (spec/chartmuseum.md 6.1)`, {
    skip: skipWithout('helm3') || skipWithoutPrograms('gpg'),
  }, async (t) => {
    const home = await createHelmHome(t, 'helm3')
    const { helm, tryHelm, folder } = home
    const keyring = await packageCharts(t, home)
    const [charts, login] = await start(t)
    const post = async (path: string, content: Buffer | string) => {
      const init = { method: 'POST', headers: charts.headers, body: new Blob([content]) }
      return (await fetch(`${charts.api}/${path}`, init)).status
    }
    const ask = async (method: string, chart: string) => {
      const at = chart.lastIndexOf('-')
      const path = `charts/${chart.slice(0, at)}/${chart.slice(at + 1)}`
      return (await fetch(`${charts.api}/${path}`, { method, headers: charts.headers })).status
    }
    const search = () => helm('search', 'repo', 'museum/mychart')
    const pull = ['pull', 'museum/mychart', '--verify', '--keyring', keyring, '-d', 'pulled']

    assert.match(await helm('repo', 'add', 'museum', charts.repository, ...login), /has been added/)
    assert.equal(await search(), 'No results found\n')
    assert.notEqual((await tryHelm(...pull)).status, 0)

    for (const chart of CHARTS) {
      assert.equal(await post('charts', await readFile(join(folder, `${chart}.tgz`))), 201, chart)
    }
    for (const chart of CHARTS) {
      const prov = await readFile(join(folder, `${chart}.tgz.prov`))
      assert.equal(await post('prov', prov), 201, chart)
    }
    const evil = '../../../../charts/org2/repo2/evil'
    const bad = await buildChart({ name: evil, version: '1.0.0', topDir: 'bad' })
    assert.equal(await post('charts', bad), 400)
    assert.equal(await post('prov', signedText(evil, '1.0.0')), 400)

    await helm('repo', 'update')
    assert.match(await search(), /^museum\/mychart\s+0\.2\.0\s/m)
    assert.match(await helm(...pull), /Chart Hash Verified: sha256:/)

    // Split at the last dash, wherever the version begins: the suite means files.
    for (const chart of CHARTS) assert.equal(await ask('DELETE', chart), 200, chart)
    await helm('repo', 'update')
    for (const chart of CHARTS) assert.equal(await ask('GET', chart), 404, chart)
    assert.equal(await search(), 'No results found\n')
    assert.notEqual((await tryHelm(...pull)).status, 0)
    // Nor is there anything that helm's search would not show: ChartMuseum leaves the prerelease in its index.
    assert.deepEqual((await readIndex(charts.repository, charts)).entries, {})
  })
}

/** Packages and signs them with helm, in its folder. @returns the keyring that verifies them. */
async function packageCharts(t: TestContext, { helm, folder }: HelmHome): Promise<string> {
  const key = await createGpgKey(t)
  await mkdir(join(folder, 'pulled'))
  for (const chart of CHARTS) {
    const [, name = '', version = ''] = /^(.+?)-(\d.*)$/.exec(chart) ?? []
    const source = join(folder, chart)
    await mkdir(source)
    await writeFile(join(source, 'Chart.yaml'), `name: ${name}\nversion: ${version}\n`)
    const sign = ['--sign', '--key', key.name, '--keyring', key.secretKeyring]
    await helm('package', source, ...sign)
  }
  return key.publicKeyring
}
