import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { readChartArchive } from '../chartstore/chart/archive.ts'
import { packageFileName } from '../chartstore/chart/file-name.ts'
import { listSharedCharts, readChartYaml, skipWithoutCharts } from './support/shared-charts.ts'

test('every real package gives what its Chart.yaml says', {
  skip: skipWithoutCharts(),
}, async () => {
  const paths = await listSharedCharts()
  assert.ok(paths.length > 0)
  for (const path of paths) {
    const { metadata } = await readChartArchive(createReadStream(path))
    assert.equal(packageFileName(metadata.name, metadata.version), basename(path))
    assert.deepEqual(
      { ...metadata, dependencies: [] },
      { apiVersion: 'v1', ...Object(load(await readChartYaml(path))), dependencies: [] },
      path,
    )
  }
})
