import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { Parser, type ReadEntry } from 'tar'
import { ADMIN, basicAuth, createAccounts } from './support/accounts.ts'
import { createHelmHome, loginArgs } from './support/helm-home.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'
import { skipWithout } from './support/real-clients.ts'
import { startChartgate } from './support/running-chartgate.ts'
import { readIndex } from './support/store-client.ts'

const CHARTS_DIR = process.env.CHARTS_DIR ?? join(PROJECT_FOLDER, '..', 'shared', 'charts')

test('every real chart is indexed as its Chart.yaml says, and comes back as it went up', {
  skip: skipWithout('helm3', 'helm4') || skipWithoutCharts(),
}, async (t) => {
  const { url } = await startChartgate(t)
  await createAccounts(url).createProject('argo')
  const headers = { ...basicAuth(ADMIN), 'content-type': 'application/octet-stream' }
  const fileNames = (await readdir(CHARTS_DIR)).filter((name) => name.endsWith('.tgz'))
  assert.ok(fileNames.length > 0)

  const expected = new Map<string, unknown>()
  for (const fileName of fileNames) {
    const content = await readFile(join(CHARTS_DIR, fileName))
    const answer = await fetch(`${url}/api/chartrepo/argo/charts`, {
      method: 'POST',
      headers,
      body: new Blob([content]),
    })
    assert.equal(answer.status, 201, fileName)
    expected.set(fileName, {
      ...(await readChartYaml(content)),
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
  assert.equal(versions.length, fileNames.length)

  // Both helms take turns: what they ask for is the same.
  const homes = [await createHelmHome(t, 'helm3'), await createHelmHome(t, 'helm4')]
  for (const { helm } of homes) await helm('repo', 'add', 'argo', repository, ...loginArgs(ADMIN))
  for (const [turn, { name, version }] of versions.entries()) {
    const home = homes[turn % homes.length]
    assert.ok(home)
    await home.helm('pull', `argo/${name}`, '--version', version)
    const fileName = `${name}-${version}.tgz`
    const pulled = await readFile(join(home.folder, fileName))
    assert.deepEqual(pulled, await readFile(join(CHARTS_DIR, fileName)), fileName)
  }
})

function skipWithoutCharts(): string | false {
  if (existsSync(CHARTS_DIR) || process.env.CI === 'true') return false
  return `no charts in ${CHARTS_DIR}: set CHARTS_DIR to a folder of packages`
}

async function readChartYaml(archive: Buffer): Promise<Record<string, unknown>> {
  const parts: Buffer[] = []
  const parser = new Parser({
    onReadEntry: (entry: ReadEntry) => {
      const isChartYaml = /^[^/]+\/Chart\.yaml$/.test(entry.path)
      entry.on('data', (part) => {
        if (isChartYaml) parts.push(part)
      })
    },
  })
  await new Promise((resolve, reject) => {
    parser.on('end', resolve)
    parser.on('error', reject)
    Readable.from([archive]).pipe(parser)
  })
  return load(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>
}
