import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { ADMIN, basicAuth, createAccounts } from './support/accounts.ts'
import { createHelmHome, loginArgs } from './support/helm-home.ts'
import { skipWithout } from './support/real-clients.ts'
import { startChartgate } from './support/running-chartgate.ts'
import { listSharedCharts, readChartYaml, skipWithoutCharts } from './support/shared-charts.ts'
import { readIndex } from './support/store-client.ts'

test('every real chart is indexed as its Chart.yaml says, and comes back as it went up', {
  skip: skipWithout('helm3', 'helm4') || skipWithoutCharts(),
}, async (t) => {
  const { url } = await startChartgate(t)
  await createAccounts(url).createProject('argo')
  const headers = { ...basicAuth(ADMIN), 'content-type': 'application/octet-stream' }
  const paths = await listSharedCharts()
  assert.ok(paths.length > 0)

  const uploaded = new Map<string, Buffer>()
  const expected = new Map<string, unknown>()
  for (const path of paths) {
    const fileName = basename(path)
    const content = await readFile(path)
    uploaded.set(fileName, content)
    const answer = await fetch(`${url}/api/chartrepo/argo/charts`, {
      method: 'POST',
      headers,
      body: new Blob([content]),
    })
    assert.equal(answer.status, 201, fileName)
    expected.set(fileName, {
      ...Object(load(await readChartYaml(path))),
      digest: createHash('sha256').update(content).digest('hex'),
      urls: [`charts/${fileName}`],
    })
  }

  const repository = `${url}/chartrepo/argo`
  const versions = Object.values((await readIndex(repository, { headers })).entries).flat()
  for (const { created, ...version } of versions) {
    assert.ok(!Number.isNaN(Date.parse(created)), created)
    const fileName = `${version.name}-${version.version}.tgz`
    assert.deepEqual(version, expected.get(fileName), fileName)
  }
  assert.equal(versions.length, paths.length)

  // Both helms take turns: what they ask for is the same.
  const homes = [await createHelmHome(t, 'helm3'), await createHelmHome(t, 'helm4')]
  for (const { helm } of homes) await helm('repo', 'add', 'argo', repository, ...loginArgs(ADMIN))
  for (const [turn, { name, version }] of versions.entries()) {
    const home = homes[turn % homes.length]
    assert.ok(home)
    await home.helm('pull', `argo/${name}`, '--version', version)
    const fileName = `${name}-${version}.tgz`
    const pulled = await readFile(join(home.folder, fileName))
    assert.deepEqual(pulled, uploaded.get(fileName), fileName)
  }
})
