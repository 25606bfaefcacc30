import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { buildChart } from './support/chart-package.ts'
import { NASTY_CHARTS, uploadNastyCharts } from './support/nasty-charts.ts'
import { startStore } from './support/running-store.ts'
import { postRaw } from './support/store-client.ts'

// That the real helms read the same two indices is in index-safety-helm.test.ts.
for (const form of ['yaml', 'json'] as const) {
  test(`the ${form} index says what Chart.yaml says, in a way that every helm reads`, async (t) => {
    const { url } = await startStore(t, { env: { JSON_INDEX: String(form === 'json') } })
    await uploadNastyCharts(url, 'p')
    const text = await (await fetch(`${url}/p/index.yaml`)).text()
    // Control characters raw, escaped slashes and escaped surrogate pairs are what older helms fail on.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/)
    assert.doesNotMatch(text, /\\\//)
    assert.doesNotMatch(text, /\\u[dD][89a-fA-F]/)
    const { entries } = load(text) as { entries: Record<string, Record<string, unknown>[]> }
    for (const { name: chart, what, entry } of NASTY_CHARTS) {
      const { apiVersion, name, version, urls, created, digest, ...rest } =
        entries[chart]?.[0] ?? {}
      assert.deepEqual(rest, entry, what)
      assert.deepEqual([apiVersion, name, version], ['v2', chart, '1.0.0'])
      assert.deepEqual(urls, [`charts/${chart}-1.0.0.tgz`])
      assert.match(String(created), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
      assert.match(String(digest), /^[0-9a-f]{64}$/)
    }
  })
}

test('versions are sorted by semver, highest first, whatever the order of their coming', async (t) => {
  const { url } = await startStore(t)
  const sorted = [
    'v2.0.0',
    '1.10.0',
    '1.9.0',
    '1.2',
    '1.0.0',
    '1.0.0-rc.10',
    '1.0.0-rc.2',
    '1.0.0-alpha',
    '0.1.0+b',
  ]
  for (const version of [...sorted].sort()) {
    await postRaw(`${url}/api/p/charts`, await buildChart({ name: 'a', version }))
  }
  const list = (await (await fetch(`${url}/api/p/charts/a`)).json()) as { version: string }[]
  assert.deepEqual(
    list.map(({ version }) => version),
    sorted,
  )
})

test('chart names that YAML would take for something else are keys all the same', async (t) => {
  const { url } = await startStore(t)
  const names = ['true', 'null', '1.5', 'yes', 'n', 'Upper_Case', 'a b']
  for (const name of names) {
    const answer = await postRaw(
      `${url}/api/p/charts`,
      await buildChart({ name, version: '1.0.0' }),
    )
    assert.equal(answer.status, 201, name)
  }
  const text = await (await fetch(`${url}/p/index.yaml`)).text()
  const { entries } = load(text) as { entries: Record<string, { urls: string[] }[]> }
  assert.deepEqual(Object.keys(entries).sort(), [...names].sort())
})
