import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { buildChart } from './support/chart-package.ts'
import { startStore } from './support/running-store.ts'
import { postRaw } from './support/store-client.ts'

/**
 * One bad entry can make a whole repository unusable for every user of it (spec/helm-client.md 1.6). Each row is a
 * Chart.yaml that has done so somewhere, and what its entry must say. That the real helms read the result is in
 * walkthrough.test.ts.
 */
const ROWS: { what: string; yaml: string; entry: Record<string, unknown> }[] = [
  {
    what: 'unquoted numbers for text',
    yaml: 'appVersion: 1.10\nkubeVersion: 1\nannotations: {a: 1, b: true, c: 1e3, d: 0x10}',
    entry: {
      appVersion: '1.1',
      kubeVersion: '1',
      annotations: { a: '1', b: 'true', c: '1000', d: '16' },
    },
  },
  {
    what: 'texts that YAML would read as something else',
    yaml: 'appVersion: "1.10"\ndescription: "null"\nhome: "~"\nicon: "yes"\ntags: "2024-01-01"\nkeywords: ["on", "0o7", "1_000", ".inf"]',
    entry: {
      appVersion: '1.10',
      description: 'null',
      home: '~',
      icon: 'yes',
      tags: '2024-01-01',
      keywords: ['on', '0o7', '1_000', '.inf'],
    },
  },
  {
    what: 'keys that helm does not know',
    yaml: 'minimumHelmVersion: v4\ndependencies:\n- {name: d, version: 1.x, repository: "", digest: x}\nmaintainers:\n- {name: m, twitter: x}',
    entry: {
      dependencies: [{ name: 'd', version: '1.x', repository: '' }],
      maintainers: [{ name: 'm' }],
    },
  },
  {
    what: 'equal keys: the last one counts',
    yaml: 'description: one\ndescription: two',
    entry: { description: 'two' },
  },
  {
    what: 'control characters in annotations',
    yaml: 'annotations: {a: "x\\u0001\\u007f\\u0085\\u2028\\ufeffy", "k\\u0007": "\\ttab\\nline"}',
    entry: { annotations: { a: 'x\u0001\u007f\u0085\u2028\ufeffy', 'k\u0007': '\ttab\nline' } },
  },
  {
    what: 'control characters in text: taken out, as helm does',
    yaml: 'description: "a\\u0007b\\tc\\u200bd"',
    entry: { description: 'ab cd' },
  },
  {
    what: 'characters beyond the basic plane',
    yaml: 'description: "⛵ \\U0001F600"\nannotations: {a: "\\U0001F600"}',
    entry: { description: '⛵ 😀', annotations: { a: '😀' } },
  },
  {
    what: 'slashes, quotes, markup and comment signs',
    yaml: 'description: \'a/b "c" \\ # no & <d> {{ e }} : - ?\'',
    entry: { description: 'a/b "c" \\ # no & <d> {{ e }} : - ?' },
  },
  {
    what: 'nulls and empty lists',
    yaml: 'home: null\nkeywords: []\nsources: ~\nmaintainers: null\ndependencies: []\nannotations: {}\ndeprecated: null',
    entry: {},
  },
  {
    what: 'keys in other cases',
    yaml: 'AppVersion: 2\nDESCRIPTION: d',
    entry: { appVersion: '2', description: 'd' },
  },
]

for (const form of ['yaml', 'json'] as const) {
  test(`the ${form} index says what Chart.yaml says, in a way that every helm reads`, async (t) => {
    const { url } = await startStore(t, { env: { JSON_INDEX: String(form === 'json') } })
    for (const [i, { what, yaml }] of ROWS.entries()) {
      const files = { 'Chart.yaml': `apiVersion: v2\nname: row${i}\nversion: 1.0.0\n${yaml}\n` }
      const answer = await postRaw(
        `${url}/api/p/charts`,
        await buildChart({ name: `row${i}`, version: '1.0.0', files }),
      )
      assert.equal(answer.status, 201, `${what}: ${await answer.text()}`)
    }
    const text = await (await fetch(`${url}/p/index.yaml`)).text()
    // Control characters raw, escaped slashes and escaped surrogate pairs are what older helms fail on.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/)
    assert.doesNotMatch(text, /\\\//)
    assert.doesNotMatch(text, /\\u[dD][89a-fA-F]/)
    const { entries } = load(text) as { entries: Record<string, Record<string, unknown>[]> }
    for (const [i, { what, entry }] of ROWS.entries()) {
      const { apiVersion, name, version, urls, created, digest, ...rest } =
        entries[`row${i}`]?.[0] ?? {}
      assert.deepEqual(rest, entry, what)
      assert.deepEqual([apiVersion, name, version], ['v2', `row${i}`, '1.0.0'])
      assert.deepEqual(urls, [`charts/row${i}-1.0.0.tgz`])
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
