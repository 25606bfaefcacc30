import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import jwt from 'jsonwebtoken'
import type { Authenticate } from '../chartstore/auth/authenticator.ts'
import { createBasicAuthenticator } from '../chartstore/auth/basic.ts'
import { createBearerAuthenticator } from '../chartstore/auth/bearer.ts'
import { buildChart } from './support/chart-package.ts'
import {
  type Ask,
  get,
  head,
  holds,
  raw,
  remove,
  type Step,
  send,
  takeSteps,
} from './support/chart-steps.ts'
import { startStore } from './support/running-store.ts'
import { signedText } from './support/signed-text.ts'
import { outcome } from './support/store-client.ts'

/** What ChartMuseum's Go suite asks of its router (spec/chartmuseum.md 6.2): paths below a context, and credentials. */

const mychart = await buildChart({ name: 'mychart', version: '0.1.0' })
const prov = signedText('mychart', '0.1.0')

const facesOf = (url: string, project: string, headers: Record<string, string> = {}) => ({
  api: `${url}/api/${project}`,
  repository: `${url}/${project}`,
  headers,
  isGateway: false,
})

/** Words of the routes among them. */
const PROJECTS = ['myrepo', 'api', 'apix', 'charts', 'prov', 'health', 'info', 'metrics', 'static']

const EVERY_ROUTE: readonly Step[] = [
  [raw('api/charts', mychart), 201],
  [raw('api/prov', prov), 201],
  [get('index.yaml'), 200, holds(mychart)],
  [get('charts/mychart-0.1.0.tgz'), 200, mychart],
  [get('charts/mychart-0.1.0.tgz.prov'), 200, Buffer.from(prov)],
  [get('api/charts'), 200, (body) => assert.match(body, /^\{"mychart":\[\{"name":"mychart"/)],
  [get('api/charts/mychart'), 200, (body) => assert.match(body, /^\[\{"name":"mychart"/)],
  [get('api/charts/mychart/0.1.0'), 200, (body) => assert.match(body, /^\{"name":"mychart"/)],
  [get('api/charts/mychart/0.1.0/values'), 200, Buffer.from('replicas: 1\n')],
  [get('health'), 200, { healthy: true }],
  [get('info'), 200, { version: '0.0.0-test' }],
  [remove('api/charts/mychart/0.1.0'), 200, { deleted: true }],
  [get('index.yaml'), 200, holds()],
]

for (const context of ['', '/x', '/x/y', '/x/y/z']) {
  test(`below "${context}/" every route is found, in projects that are called like routes too`, async (t) => {
    const { url } = await startStore(t, { env: { CONTEXT_PATH: context } })
    for (const project of PROJECTS) await takeSteps(facesOf(url + context, project), EVERY_ROUTE)
    assert.deepEqual(await outcome(fetch(`${url}${context}/health`)), [200, { healthy: true }])
    assert.match(await (await fetch(`${url}${context}/`)).text(), /<html>/)
    const outside =
      context === '' ? ['/x/y/z/index.yaml', '/api'] : ['/', '/health', `${context}x/health`]
    for (const path of outside) {
      assert.deepEqual(await outcome(fetch(url + path)), [404, { error: 'not found' }], path)
    }
  })
}

/** What each route asks of a caller (spec/chartmuseum.md 1.2-1.4). */
const ACTIONS: Record<'pull' | 'push' | 'none', readonly Ask[]> = {
  pull: [
    get('index.yaml'),
    head('index.yaml'),
    get('charts/mychart-0.1.0.tgz'),
    get('charts/mychart-0.1.0.tgz.prov'),
    get('artifacthub-repo.yml'),
    get('api/charts'),
    get('api/charts/mychart'),
    head('api/charts/mychart'),
    get('api/charts/mychart/0.1.0'),
    get('api/charts/mychart/0.1.0/templates'),
    get('api/charts/mychart/0.1.0/values'),
    // Ours: how many there are.
    get('api/_stats'),
  ],
  push: [
    raw('api/charts', mychart),
    raw('api/prov', prov),
    remove('api/charts/mychart/0.1.0'),
    // Ours: it tells of files that are nobody's charts.
    get('api/_problems'),
  ],
  none: [get('health'), get('info')],
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const access = (name: string, actions: string[], type = 'artifact-repository') => ({
  access: [{ type, name, actions }],
})
const sign = (payload: object, options: jwt.SignOptions = {}) =>
  jwt.sign(payload, privateKey, { algorithm: 'RS256', expiresIn: 60, ...options })
const bearer = (payload: object, options: jwt.SignOptions = {}) =>
  `Bearer ${sign(payload, options)}`
const basic = (text: string, scheme = 'Basic') =>
  `${scheme} ${Buffer.from(text).toString('base64')}`

const withBasic = (allowsAnonymousPull: boolean) =>
  createBasicAuthenticator({ user: 'chart', password: 'pä:ss' }, allowsAnonymousPull)
const withBearer = (allowsAnonymousPull: boolean) =>
  createBearerAuthenticator({
    keys: [publicKey],
    realm: 'https://auth.example/token',
    service: 'charts',
    allowsAnonymousPull,
  })

interface Credential {
  what: string
  header?: string
  mayPull?: true
  mayPush?: true
}

const BOTH = { mayPull: true, mayPush: true } as const

const MODES: readonly { name: string; authenticate: Authenticate; rows: readonly Credential[] }[] =
  [
    {
      name: 'Basic',
      authenticate: withBasic(false),
      rows: [
        { what: 'nothing' },
        { what: 'the credential', header: basic('chart:pä:ss'), ...BOTH },
        { what: 'the scheme in lower case', header: basic('chart:pä:ss', 'basic'), ...BOTH },
        { what: 'the scheme in upper case', header: basic('chart:pä:ss', 'BASIC'), ...BOTH },
        { what: 'another password', header: basic('chart:pä') },
        { what: 'another user', header: basic('charts:pä:ss') },
        { what: 'no credential', header: 'Basic' },
        { what: 'another scheme', header: basic('chart:pä:ss', 'Bearer') },
      ],
    },
    {
      name: 'Basic with anonymous reading',
      authenticate: withBasic(true),
      rows: [
        { what: 'nothing', mayPull: true },
        { what: 'the credential', header: basic('chart:pä:ss'), ...BOTH },
        { what: 'another password', header: basic('chart:pä'), mayPull: true },
      ],
    },
    {
      name: 'Bearer',
      authenticate: withBearer(false),
      rows: [
        { what: 'nothing' },
        { what: 'pull', header: bearer(access('p', ['pull'])), mayPull: true },
        { what: 'push', header: bearer(access('p', ['push'])), mayPush: true },
        { what: 'pull and push', header: bearer(access('p', ['pull', 'push'])), ...BOTH },
        { what: 'a token by itself', header: sign(access('p', ['pull'])), mayPull: true },
        { what: 'another repository', header: bearer(access('q', ['pull', 'push'])) },
        { what: 'another type', header: bearer(access('p', ['pull', 'push'], 'repository')) },
        { what: 'an old token', header: bearer(access('p', ['pull']), { expiresIn: -10 }) },
        // ChartMuseum crashes on it (spec/chartmuseum.md 7.C4).
        { what: 'no access claim', header: bearer({}) },
        {
          what: 'another algorithm',
          header: `Bearer ${jwt.sign(access('p', ['pull']), 'x', { algorithm: 'HS256' })}`,
        },
      ],
    },
    {
      name: 'Bearer with anonymous reading',
      authenticate: withBearer(true),
      rows: [
        { what: 'nothing', mayPull: true },
        { what: 'push', header: bearer(access('p', ['push'])), ...BOTH },
      ],
    },
  ]

for (const { name, authenticate, rows } of MODES) {
  test(`${name}: each route lets in whom it may and nobody else`, async (t) => {
    const { url } = await startStore(t, { authenticate, env: { ARTIFACT_HUB_REPO_ID: 'id' } })
    for (const { what, header, mayPull = false, mayPush = false } of rows) {
      const caller = facesOf(url, 'p', header === undefined ? {} : { authorization: header })
      const isLetIn = async (ask: Ask) => (await send(caller, ask)).status !== 401
      for (const [action, expected] of [
        ['pull', mayPull],
        ['push', mayPush],
        ['none', true],
      ] as const) {
        for (const ask of ACTIONS[action]) {
          assert.equal(await isLetIn(ask), expected, `${what}: ${ask.method} ${ask.path}`)
        }
      }
    }
  })
}

test('who is not let in is told how to ask, for which repository and what', async (t) => {
  const challenges: [Authenticate, Ask, string][] = [
    [withBasic(false), get('index.yaml'), 'Basic realm="ChartMuseum"'],
    [
      withBearer(false),
      raw('api/charts', mychart),
      'Bearer realm="https://auth.example/token",service="charts",scope="artifact-repository:p:push"',
    ],
    [
      withBearer(false),
      get('api/charts'),
      'Bearer realm="https://auth.example/token",service="charts",scope="artifact-repository:p:pull"',
    ],
  ]
  for (const [authenticate, ask, expected] of challenges) {
    const { url } = await startStore(t, { authenticate })
    const response = await send(facesOf(url, 'p'), ask)
    assert.equal(response.headers.get('www-authenticate'), expected)
    assert.deepEqual(await outcome(response), [401, { error: 'unauthorized' }])
  }
})
