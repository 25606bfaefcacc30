import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseFlags } from '../chartstore/config/flags.ts'
import { readSettings } from '../chartstore/config/read-settings.ts'
import { flagOf, SETTINGS } from '../chartstore/config/settings.ts'
import { ConfigError } from '../service/start-error.ts'
import { runCommand } from './support/command.ts'
import { makeFolder } from './support/folder.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'

/** Every flag of ChartMuseum 0.16.5, as its own --help lists them. */
const CHARTMUSEUM_FLAGS = `gen-index debug log-json log-health log-latency-integer disable-metrics
  enable-metrics disable-api disable-delete disable-statefiles json-index allow-overwrite
  disable-force-overwrite port read-timeout write-timeout chart-url basic-auth-user basic-auth-pass
  auth-anonymous-get tls-cert tls-key tls-ca-cert cache cache-redis-addr cache-redis-password
  cache-redis-db storage storage-timestamp-tolerance storage-local-rootdir storage-amazon-bucket
  storage-amazon-prefix storage-amazon-region storage-amazon-endpoint storage-amazon-sse
  storage-amazon-force-path-style storage-google-bucket storage-google-prefix storage-oracle-bucket
  storage-oracle-prefix storage-oracle-region storage-oracle-compartmentid
  storage-microsoft-container storage-microsoft-prefix storage-alibaba-bucket
  storage-alibaba-prefix storage-alibaba-endpoint storage-alibaba-sse storage-openstack-container
  storage-openstack-prefix storage-openstack-region storage-openstack-cacert storage-openstack-auth
  storage-baidu-prefix storage-baidu-bucket storage-baidu-endpoint storage-etcd-endpoint
  storage-etcd-cafile storage-etcd-certfile storage-etcd-keyfile storage-etcd-prefix
  storage-tencent-bucket storage-tencent-prefix storage-tencent-endpoint chart-post-form-field-name
  prov-post-form-field-name max-storage-objects max-upload-size index-limit context-path depth
  bearer-auth auth-realm auth-service auth-cert-path auth-actions-search-path depth-dynamic
  cors-alloworigin enforce-semver2 cache-interval listen-host per-chart-limit web-template-path
  artifact-hub-repo-id always-regenerate-chart-index`.split(/\s+/)

test('every flag of ChartMuseum is a setting, and none is passed over in silence', () => {
  const theirs = SETTINGS.filter(({ isOurs }) => isOurs !== true)
  assert.deepEqual(theirs.map(flagOf).sort(), [...CHARTMUSEUM_FLAGS].sort())
  for (const { env, says, instead, idle } of SETTINGS) {
    assert.equal([says, instead, idle].filter((text) => text !== undefined).length, 1, env)
  }
})

test('docs/settings.md says of every setting what the program does', () => {
  const document = readFileSync(join(PROJECT_FOLDER, 'docs/settings.md'), 'utf8')
  const rows = [...document.matchAll(/^\| `([A-Z_\d]+)`.*$/gm)]
  const expected = SETTINGS.map((setting) => {
    const { env, key, byDefault, says, instead, idle, isOurs } = setting
    const standard = byDefault === '' ? '' : `\`${byDefault}\``
    const what = instead === undefined ? (says ?? `no effect: ${idle}`) : `**refused**: ${instead}`
    const name = `\`${env}\`${isOurs === true ? ' (ours)' : ''}`
    return `| ${name} | \`--${flagOf(setting)}\` | \`${key}\` | ${standard} | ${what} |`
  })
  assert.deepEqual(
    rows.map(([row]) => row),
    expected,
  )
})

test('flags are read as ChartMuseum reads them', () => {
  const { values } = parseFlags([
    ...['--debug', '--port', '8081', '--allow-overwrite=false', '-storage=local'],
    ...['--storage-local-rootdir', '/a b', '--chart-url=https://x/?a=b', '-c', 'x.yaml'],
    ...['--artifact-hub-repo-id', 'one', '--artifact-hub-repo-id=p=two', '--cors-alloworigin=*'],
  ])
  assert.deepEqual(values, {
    DEBUG: 'true',
    PORT: '8081',
    ALLOW_OVERWRITE: 'false',
    STORAGE: 'local',
    STORAGE_LOCAL_ROOTDIR: '/a b',
    CHART_URL: 'https://x/?a=b',
    CONFIG: 'x.yaml',
    ARTIFACT_HUB_REPO_ID: 'one,p=two',
    CORS_ALLOW_ORIGIN: '*',
  })
})

test('a flag that is not one is refused by name, with the one that was meant', () => {
  const refused = (...args: string[]) => {
    try {
      parseFlags(args)
      return ''
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.message
    }
  }
  assert.match(refused('--nonsense=/x'), /unknown flag --nonsense: --help lists all/)
  assert.match(refused('--local-rootdir=/x'), /\(--storage-local-rootdir\?\)/)
  assert.match(refused('--allowoverwrite'), /\(--allow-overwrite\?\)/)
  assert.match(refused('serve'), /unexpected argument "serve"/)
  assert.match(refused('--port'), /--port needs a value/)
})

test('flags win over variables, and those over the file', async (t) => {
  const file = join(await makeFolder(t), 'config.yaml')
  await writeFile(
    file,
    `debug: true
port: 1
depth: 1
storage:
  backend: local
  local:
    rootdir: /from/file
cache: {store: redis, redis: {addr: "r:1", db: 2}}
basicauth: {user: u, pass: p}
artifact-hub-repo-id: {p: one}
cors: {alloworigin: "https://a"}
`,
  )
  const { env } = readSettings(['--port=3', '--config', file], { PORT: '2', DEPTH: '', DEBUG: 'f' })
  assert.deepEqual(
    { ...env },
    {
      DEBUG: 'f',
      PORT: '3',
      DEPTH: '1',
      STORAGE: 'local',
      STORAGE_LOCAL_ROOTDIR: '/from/file',
      CACHE: 'redis',
      CACHE_REDIS_ADDR: 'r:1',
      CACHE_REDIS_DB: '2',
      BASIC_AUTH_USER: 'u',
      BASIC_AUTH_PASS: 'p',
      ARTIFACT_HUB_REPO_ID: 'p=one',
      CORS_ALLOW_ORIGIN: 'https://a',
      CONFIG: undefined,
    },
  )
})

test('a file that cannot be read as settings is refused with file and key, and no value is shown', async (t) => {
  const folder = await makeFolder(t)
  const refused = async (content: string, name = 'config.yaml') => {
    await writeFile(join(folder, name), content)
    try {
      readSettings([`--config=${join(folder, name)}`], {})
      return ''
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.message
    }
  }
  assert.match(
    await refused('storag: {backend: local}'),
    /config\.yaml: unknown key storag\.backend/,
  )
  assert.match(await refused('basicauth: {pass: [hush]}'), /basicauth\.pass: expected a text/)
  assert.doesNotMatch(await refused('basicauth: {pass: [hush]}'), /hush/)
  assert.match(await refused('a: b: c'), /cannot read .*config\.yaml/)
  assert.match(await refused('- 1'), /expected keys and values/)
  assert.match(await refused('debug: true', 'config.json'), /ends in \.yaml or \.yml/)
  assert.equal(await refused('debug: true', 'config'), '')
})

test('the program prints its flags and its version, and refuses what it does not know', async () => {
  const run = (...args: string[]) =>
    runCommand(process.execPath, ['chartstore/main.ts', ...args], { cwd: PROJECT_FOLDER })
  const help = await run('--help')
  assert.equal(help.status, 0)
  for (const flag of CHARTMUSEUM_FLAGS)
    assert.match(help.stdout, new RegExp(`^  --${flag}\\b`, 'm'))
  assert.match((await run('--version')).stdout, /^\d+\.\d+\.\d+\n$/)
  const wrong = await run('--storage=etcd', '--nonsense')
  assert.equal(wrong.status, 78)
  assert.match(wrong.stderr, /unknown flag --nonsense/)
  const check = await run('--check-config', '--storage=local', '--storage-local-rootdir=/x')
  assert.equal(check.stdout, 'the configuration is valid\n')
})
