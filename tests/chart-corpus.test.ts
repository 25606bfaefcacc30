import assert from 'node:assert/strict'
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { load } from 'js-yaml'
import { list } from 'tar'
import { readChartArchive } from '../chartstore/chart/archive.ts'
import { packageFileName } from '../chartstore/chart/file-name.ts'

const FOLDER = resolve(import.meta.dirname, '..', process.env.CHARTS_DIR ?? '../shared/charts')

test('every real package gives what its Chart.yaml says', async (t) => {
  const names = packagesOf(t)
  for (const name of names) {
    const path = join(FOLDER, name)
    const { metadata } = await readChartArchive(createReadStream(path))
    assert.equal(packageFileName(metadata.name, metadata.version), name)
    assert.deepEqual(
      { ...metadata, dependencies: [] },
      { apiVersion: 'v1', ...(await chartYamlOf(path)), dependencies: [] },
      name,
    )
  }
})

function packagesOf(t: TestContext): string[] {
  if (existsSync(FOLDER)) return readdirSync(FOLDER).filter((name) => name.endsWith('.tgz'))
  assert.ok(!process.env.CI, `${FOLDER} is missing: set CHARTS_DIR`)
  t.skip(`${FOLDER} is missing: set CHARTS_DIR`)
  return []
}

/** Read by other code than ours: npm's tar and js-yaml as they come. */
async function chartYamlOf(file: string): Promise<object> {
  const chunks: Buffer[] = []
  await list({
    file,
    filter: (path) => /^[^/]+\/Chart\.yaml$/.test(path),
    onReadEntry: (entry) => entry.on('data', (chunk) => chunks.push(chunk)),
  })
  return Object(load(Buffer.concat(chunks).toString()))
}
