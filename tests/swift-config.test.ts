import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadSwiftConfig } from '../chartstore/storage/swift-config.ts'
import { createSwiftSessions } from '../chartstore/storage/swift-session.ts'
import { listedTime, objectTime } from '../chartstore/storage/swift-times.ts'
import type { Env } from '../service/env.ts'
import { ConfigError } from '../service/start-error.ts'

const CONTAINER = { STORAGE_OPENSTACK_CONTAINER: 'charts' }
const KEYSTONE = { ...CONTAINER, OS_AUTH_URL: 'https://id.example.com:5000' }

test('the variables of OpenStack’s clients say who logs in, and for which project', () => {
  const user = { OS_USERNAME: 'u', OS_PASSWORD: 'p' }
  const byDefault = { id: 'default' }
  const rows: [Env, object, object | undefined][] = [
    [
      { ...user, OS_PROJECT_NAME: 'x' },
      { method: 'password', user: { name: 'u', domain: byDefault }, password: 'p' },
      { name: 'x', domain: byDefault },
    ],
    [
      {
        ...user,
        ...{ OS_USER_DOMAIN_NAME: 'Users', OS_PROJECT_DOMAIN_ID: 'abc', OS_TENANT_NAME: 'x' },
      },
      { method: 'password', user: { name: 'u', domain: { name: 'Users' } }, password: 'p' },
      { name: 'x', domain: { id: 'abc' } },
    ],
    [
      { OS_USERID: '7', OS_PASSWORD: 'p', OS_PROJECT_ID: '8', OS_DOMAIN_NAME: 'unused' },
      { method: 'password', user: { id: '7' }, password: 'p' },
      { id: '8' },
    ],
    [
      { OS_APPLICATION_CREDENTIAL_ID: '9', OS_APPLICATION_CREDENTIAL_SECRET: 's' },
      { method: 'application_credential', id: '9', secret: 's' },
      undefined,
    ],
    [
      {
        ...{ OS_APPLICATION_CREDENTIAL_NAME: 'n', OS_APPLICATION_CREDENTIAL_SECRET: 's' },
        ...{ OS_USERNAME: 'u', OS_DOMAIN_NAME: 'Users' },
      },
      {
        method: 'application_credential',
        name: 'n',
        user: { name: 'u', domain: { name: 'Users' } },
        secret: 's',
      },
      undefined,
    ],
  ]
  for (const [env, credential, project] of rows) {
    const { auth } = loadSwiftConfig({ ...KEYSTONE, ...env })
    assert.deepEqual(auth, {
      kind: 'keystone',
      url: 'https://id.example.com:5000/v3',
      credential,
      project,
      region: undefined,
      interface: 'public',
    })
  }
})

test('Keystone is found with or without its version, region and interface by either name', () => {
  const auth = (env: Env) => {
    const user = { OS_USER_ID: 'u', OS_PASSWORD: 'p', OS_PROJECT_ID: 'x' }
    return loadSwiftConfig({ ...KEYSTONE, ...user, ...env }).auth
  }
  for (const OS_AUTH_URL of [
    'http://id/identity',
    'http://id/identity/v3/',
    'http://id/identity/v2.0',
  ]) {
    assert.equal(auth({ OS_AUTH_URL }).url, 'http://id/identity/v3')
  }
  const own = { STORAGE_OPENSTACK_REGION: 'north', OS_REGION_NAME: 'south' }
  assert.partialDeepStrictEqual(auth(own), { region: 'north' })
  assert.partialDeepStrictEqual(auth({ OS_REGION_NAME: 'south' }), { region: 'south' })
  assert.partialDeepStrictEqual(auth({ OS_ENDPOINT_TYPE: 'internalURL' }), {
    interface: 'internal',
  })
})

test('v1 authentication is taken where it is asked for, or where there is no other', () => {
  const env = { ...CONTAINER, ST_AUTH: 'http://s/auth/v1.0', ST_USER: 'a:u', ST_KEY: 'k' }
  const expected = { kind: 'v1', url: 'http://s/auth/v1.0', user: 'a:u', key: 'k' }
  assert.deepEqual(loadSwiftConfig(env).auth, expected)
  const both = { ...env, OS_AUTH_URL: 'http://id' }
  assert.deepEqual(loadSwiftConfig({ ...both, STORAGE_OPENSTACK_AUTH: 'v1' }).auth, expected)
})

test('openstack: every setting that is missing or wrong is named', () => {
  const rows: [Env, string[]][] = [
    [{}, ['STORAGE_OPENSTACK_CONTAINER', 'OS_AUTH_URL', 'OS_PASSWORD', 'OS_USERNAME']],
    [{ STORAGE_OPENSTACK_AUTH: 'v1' }, ['ST_AUTH', 'ST_USER', 'ST_KEY']],
    [{ STORAGE_OPENSTACK_AUTH: 'v2' }, ['STORAGE_OPENSTACK_AUTH: expected auto or v1']],
    [{ OS_APPLICATION_CREDENTIAL_NAME: 'n' }, ['OS_APPLICATION_CREDENTIAL_SECRET', 'OS_USERNAME']],
    [{ OS_AUTH_URL: 'id.example.com' }, ['OS_AUTH_URL: expected a URL']],
    [{ OS_INTERFACE: 'secret' }, ['OS_INTERFACE: expected public, internal or admin']],
  ]
  for (const [env, names] of rows) {
    assert.throws(
      () => loadSwiftConfig(env),
      (error) =>
        error instanceof ConfigError && names.every((name) => error.message.includes(name)),
    )
  }
})

test('the time of an object is the next full second, whichever call tells it', () => {
  const rows: [object: string, listed: string, seconds: bigint][] = [
    ['1795529075.20347', '2026-11-24T14:04:35.203470', 1795529076n],
    ['1795529787.00339', '2026-11-24T14:16:27.003Z', 1795529788n],
    ['1795529787.00000', '2026-11-24T14:16:27.000000', 1795529787n],
    // RGW's listings do not tell that much.
    ['1795529787.00009', '2026-11-24T14:16:27.000Z', 1795529787n],
    ['1795529787', '2026-11-24T14:16:27', 1795529787n],
  ]
  for (const [object, listed, seconds] of rows) {
    assert.equal(objectTime(object), seconds * 1_000_000_000n)
    assert.equal(listedTime(listed), seconds * 1_000_000_000n)
  }
})

test('a login is shared by all who wait for it, and repeated when the token ends', async () => {
  let logins = 0
  const open = (lifetimeMs: number | undefined) =>
    createSwiftSessions(async () => ({ token: `${++logins}`, storageUrl: '', lifetimeMs }))
  const sessions = open(3_600_000)
  const tokens = await Promise.all(Array.from({ length: 5 }, sessions.current))
  assert.deepEqual(new Set(tokens.map(({ token }) => token)), new Set(['1']))
  sessions.end('an older one')
  assert.equal((await sessions.current()).token, '1')
  sessions.end('1')
  assert.equal((await sessions.current()).token, '2')
  // As long as nobody refuses a token that tells no end it is used.
  const endless = open(undefined)
  assert.equal((await endless.current()).token, (await endless.current()).token)
  const ended = open(0)
  assert.notEqual((await ended.current()).token, (await ended.current()).token)
})

test('a login that failed is tried again by the next caller', async () => {
  let fails = true
  const sessions = createSwiftSessions(async () => {
    if (fails) throw new Error('away')
    return { token: 't', storageUrl: '', lifetimeMs: undefined }
  })
  await assert.rejects(sessions.current(), /away/)
  fails = false
  assert.equal((await sessions.current()).token, 't')
})
