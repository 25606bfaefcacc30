import assert from 'node:assert/strict'
import { buildChart } from './chart-package.ts'
import { postRaw } from './store-client.ts'

export interface NastyChart {
  name: string
  what: string
  /** What its Chart.yaml says besides apiVersion, name and version. */
  yaml: string
  /** What its index entry says besides them, urls, created and digest. */
  entry: Record<string, unknown>
  /** No YAML writer of Go's takes it: ChartMuseum fails to write the index of a project that has one. */
  isBeyondMuseum?: true
}

const ROWS: Omit<NastyChart, 'name'>[] = [
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
    isBeyondMuseum: true,
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

/**
 * One bad entry can make a whole repository unusable for every user of it (spec/helm-client.md 1.6). Each of these is a
 * Chart.yaml that has done so somewhere.
 */
export const NASTY_CHARTS: readonly NastyChart[] = ROWS.map((row, i) => ({
  ...row,
  name: `row${i}`,
}))

/** Uploads them all, as version 1.0.0, to one repository of a chart store. */
export async function uploadNastyCharts(
  storeUrl: string,
  repository: string,
  headers: Record<string, string> = {},
): Promise<void> {
  for (const { name, what, yaml } of NASTY_CHARTS) {
    const files = { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${yaml}\n` }
    const content = await buildChart({ name, version: '1.0.0', files })
    const answer = await postRaw(`${storeUrl}/api/${repository}/charts`, content, headers)
    assert.equal(answer.status, 201, `${what}: ${await answer.text()}`)
  }
}
