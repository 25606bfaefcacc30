import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseEnv as parseDotenv } from 'node:util'
import { loadChartstoreConfig } from '../chartstore/config/config.ts'
import { loadListeningConfig } from '../chartstore/config/listening-config.ts'
import { SETTINGS } from '../chartstore/config/settings.ts'
import { loadGatewayConfig } from '../gateway/config.ts'
import type { Env } from '../service/env.ts'
import { StartError } from '../service/start-error.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'

/** The message that a configuration is refused with; '' where it is taken. */
function refusal(load: (env: Env) => unknown, env: Env): string {
  try {
    load(env)
    return ''
  } catch (error) {
    assert.ok(error instanceof StartError, String(error))
    return error.message
  }
}

test('nothing set gives a gateway on loopback with everything embedded', () => {
  const config = loadGatewayConfig({})
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.port, 8080)
  assert.equal(config.workers, 1)
  assert.equal(config.databaseUrl, undefined)
  assert.equal(config.chartstore, undefined)
  assert.equal(config.initialAdminPassword, 'Harbor12345')
  assert.ok(Object.isFrozen(config))
})

test('every fault of the gateway is named in one message, and no password is shown', () => {
  const message = refusal(loadGatewayConfig, {
    PORT: '99999',
    WORKERS: '0',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://root:hush@db',
    CHARTSTORE_TIMEOUT: 'x',
    EXTERNAL_URL: 'charts.example',
    TRUST_PROXY: 'bogus',
  })
  assert.match(message, /^the configuration has 7 faults:\n/)
  const names = 'PORT WORKERS LOG_LEVEL DATABASE_URL CHARTSTORE_TIMEOUT EXTERNAL_URL TRUST_PROXY'
  for (const name of names.split(' ')) {
    assert.match(message, new RegExp(`^  ${name}: `, 'm'))
  }
  assert.match(message, /PORT: expected a whole number from 0 to 65535, got "99999"/)
  assert.match(message, /WORKERS: expected a whole number from 1 to 64, got "0"/)
  assert.doesNotMatch(message, /hush/)
})

test('the well-known password is for loopback only', () => {
  for (const HOST of ['127.0.0.1', 'localhost', '::1', '127.1.2.3']) {
    assert.equal(refusal(loadGatewayConfig, { HOST }), '')
  }
  for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'charts.example']) {
    assert.match(refusal(loadGatewayConfig, { HOST }), /HARBOR_ADMIN_PASSWORD is not set/)
    assert.equal(refusal(loadGatewayConfig, { HOST, HARBOR_ADMIN_PASSWORD: 'Own12345' }), '')
  }
})

test('a chart store elsewhere needs its credential', () => {
  const CHARTSTORE_URL = 'http://chartstore:9999/'
  assert.match(
    refusal(loadGatewayConfig, { CHARTSTORE_URL }),
    /CHARTSTORE_USER and CHARTSTORE_PASS/,
  )
  const credential = { CHARTSTORE_USER: 'u', CHARTSTORE_PASSWORD: 'p' }
  assert.equal(
    loadGatewayConfig({ CHARTSTORE_URL, ...credential }).chartstore?.url,
    'http://chartstore:9999',
  )
})

test("Harbor's chartserver/env file works for the store as it is", () => {
  const harbor = `PORT=9999
CACHE=redis
CACHE_REDIS_ADDR=redis:6379
CACHE_REDIS_PASSWORD=
CACHE_REDIS_DB=3
BASIC_AUTH_USER=chart_controller
BASIC_AUTH_PASS=secret
DEPTH=1
STORAGE=local
STORAGE_LOCAL_ROOTDIR=/chart_storage
DEBUG=false
LOG_JSON=true
DISABLE_METRICS=false
DISABLE_API=false
DISABLE_STATEFILES=false
ALLOW_OVERWRITE=true
CHART_URL=
AUTH_ANONYMOUS_GET=false
CONTEXT_PATH=
INDEX_LIMIT=0
MAX_STORAGE_OBJECTS=0
MAX_UPLOAD_SIZE=20971520
CHART_POST_FORM_FIELD_NAME=chart
PROV_POST_FORM_FIELD_NAME=prov
STORAGE_TIMESTAMP_TOLERANCE=1s`
  const env = parseDotenv(harbor)
  const { policy, storage, redis, idle } = loadChartstoreConfig(env)
  assert.deepEqual(storage, { kind: 'local', dir: '/chart_storage' })
  assert.equal(policy.maxUploadBytes, 20_971_520)
  assert.equal(policy.allowsOverwrite, true)
  assert.deepEqual(redis?.addresses, [{ host: 'redis', port: 6379 }])
  assert.equal(redis?.db, 3)
  assert.match(idle.join('\n'), /^STORAGE_TIMESTAMP_TOLERANCE has no effect here: [^\n]+$/)
  assert.deepEqual(loadListeningConfig(env).auth, {
    kind: 'basic',
    user: 'chart_controller',
    password: 'secret',
  })
})

test('settings of the store that would change what clients see are refused with what to do', () => {
  const load = (env: Env) => loadChartstoreConfig(env, '/charts')
  const rows: [Env, RegExp][] = [
    [{ STORAGE: 'foo' }, /unsupported storage backend "foo": set STORAGE=local, or amazon, google/],
    [{ STORAGE: 'google' }, /STORAGE_GOOGLE_BUCKET is required/],
    [{ DEPTH: '2' }, /DEPTH: only 1 is supported .*got "2"/],
    [{ DEPTH: '0' }, /DEPTH: only 1/],
    [{ CHART_URL: 'cdn' }, /CHART_URL: expected a URL/],
    [{ DEPTH_DYNAMIC: 'true' }, /DEPTH_DYNAMIC is not supported: /],
    [{ GEN_INDEX: 'true' }, /GEN_INDEX is not supported: .*index.yaml/],
    [{ CACHE: 'memcached' }, /CACHE: unsupported cache store "memcached"/],
    [{ CACHE: 'redis' }, /CACHE_REDIS_ADDR: expected host:port/],
    [{ MAX_STORAGE_OBJECTS: '-5' }, /MAX_STORAGE_OBJECTS: expected a whole number of 0 or more/],
    [{ ALLOW_OVERWRITE: 'maybe' }, /ALLOW_OVERWRITE: expected true or false, got "maybe"/],
    [{ MAX_UPLOAD_SIZE: '20M' }, /MAX_UPLOAD_SIZE: expected a whole number of 1 or more/],
    [{ CACHE_INTERVAL: '5' }, /CACHE_INTERVAL: expected a duration such as 30s/],
    [{ JSON_INDEX: 'sometimes' }, /JSON_INDEX/],
  ]
  for (const [env, expected] of rows) assert.match(refusal(load, env), expected)
  assert.match(refusal(load, { STORAGE: 'foo', DEPTH: '3' }), /has 2 faults/)
  assert.match(refusal(loadChartstoreConfig, {}), /STORAGE_LOCAL_ROOTDIR is required/)
})

test('a bucket is described by the names that ChartMuseum has for it', () => {
  const bucket = { STORAGE: 'amazon', STORAGE_AMAZON_BUCKET: 'charts' }
  const amazon = {
    kind: 'amazon',
    bucket: 'charts',
    prefix: '',
    region: 'eu-west-1',
    endpoint: undefined,
    encryption: undefined,
    usesPathStyle: true,
    verifiesCertificate: true,
  }
  const rows: [Env, object][] = [
    [{ STORAGE_AMAZON_REGION: 'eu-west-1' }, amazon],
    [
      { STORAGE_AMAZON_ENDPOINT: 'http://s3:9000', STORAGE_AMAZON_PREFIX: '/a/b/' },
      { ...amazon, region: 'us-east-1', endpoint: 'http://s3:9000', prefix: 'a/b' },
    ],
    [
      { STORAGE_AMAZON_ENDPOINT: 's3.example.com', STORAGE_AMAZON_SSE: 'aws:kms' },
      {
        ...amazon,
        region: 'us-east-1',
        endpoint: 'https://s3.example.com',
        encryption: 'aws:kms',
      },
    ],
    [
      {
        STORAGE_AMAZON_REGION: 'eu-west-1',
        STORAGE_AMAZON_FORCE_PATH_STYLE: 'false',
        AWS_INSECURE_SKIP_VERIFY: 'true',
      },
      { ...amazon, usesPathStyle: false, verifiesCertificate: false },
    ],
  ]
  for (const [env, expected] of rows) {
    assert.deepEqual(loadChartstoreConfig({ ...bucket, ...env }, '/unused').storage, expected)
  }
})

test('every fault of a bucket is named in one message with those of the store', () => {
  const message = refusal(loadChartstoreConfig, {
    STORAGE: 'amazon',
    STORAGE_AMAZON_ENDPOINT: 'ftp://s3',
    STORAGE_AMAZON_SSE: 'rot13',
    DEPTH: '2',
  })
  assert.match(message, /has 4 faults/)
  assert.match(message, /STORAGE_AMAZON_BUCKET is required/)
  assert.match(message, /STORAGE_AMAZON_ENDPOINT: expected a URL/)
  assert.match(message, /STORAGE_AMAZON_SSE: expected AES256, aws:kms or aws:kms:dsse/)
  const bare = { STORAGE: 'amazon', STORAGE_AMAZON_BUCKET: 'charts' }
  assert.match(refusal(loadChartstoreConfig, bare), /STORAGE_AMAZON_REGION is required/)
})

test('durations are read as Go reads them', () => {
  const rows = { '5m': 300_000, '1h30m': 5_400_000, '300ms': 300, '1.5s': 1500, '0': 0 }
  for (const [CACHE_INTERVAL, ms] of Object.entries(rows)) {
    assert.equal(loadChartstoreConfig({ CACHE_INTERVAL }, '/charts').policy.reconcileMs, ms)
  }
})

test('half a credential for the store is refused', () => {
  assert.match(refusal(loadListeningConfig, { BASIC_AUTH_USER: 'u' }), /go together/)
  assert.match(refusal(loadListeningConfig, { BEARER_AUTH: 'true' }), /AUTH_CERT_PATH/)
})

const EXAMPLE = readFileSync(join(PROJECT_FOLDER, '.env.example'), 'utf8')

test('.env.example is a valid configuration, and names every setting', () => {
  const env = parseDotenv(EXAMPLE)
  assert.equal(refusal(loadGatewayConfig, { ...env, HARBOR_ADMIN_PASSWORD: 'Own12345' }), '')
  const source = readFileSync(join(PROJECT_FOLDER, 'gateway/config.ts'), 'utf8')
  const schema = /z\.object\(\{([\s\S]*?)\n\}\)/.exec(source)?.[1] ?? ''
  const ofGateway = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = '']) => name)
  assert.ok(ofGateway.length > 10)
  for (const name of ofGateway) assert.match(EXAMPLE, new RegExp(`^#? ?${name}=`, 'm'), name)
  for (const { env: name, says } of SETTINGS) {
    const isNamed = new RegExp(`^#? ?${name}=`, 'm').test(EXAMPLE)
    assert.equal(isNamed, says !== undefined, `${name}: those that have an effect, and no others`)
  }
})

test('.env.example shows the defaults of the chart store: with all of it set nothing changes', () => {
  const env = parseDotenv(EXAMPLE.replaceAll(/^# (?=[A-Z_\d]+=)/gm, ''))
  const dir = './data/charts'
  assert.deepEqual(loadChartstoreConfig(env, dir), loadChartstoreConfig({}, dir))
  const { port, ...listening } = loadListeningConfig(env)
  const { port: _, ...byDefault } = loadListeningConfig({})
  assert.deepEqual(listening, byDefault)
})
