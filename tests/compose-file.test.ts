import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadChartstoreConfig } from '../chartstore/config/config.ts'
import { loadListeningConfig } from '../chartstore/config/listening-config.ts'
import { loadGatewayConfig } from '../gateway/config.ts'
import {
  composeEnvironment,
  composeVariables,
  exampleVariables,
  readComposeServices,
  requiredComposeVariables,
} from './support/compose.ts'

const services = readComposeServices()
const secrets = Object.fromEntries([...requiredComposeVariables()].map((name) => [name, 'secret']))

test('every service runs as an ordinary user, on a read-only root, without capabilities', () => {
  assert.deepEqual(Object.keys(services).sort(), [
    'chartstore',
    'gateway',
    'nginx',
    'postgres',
    'redis',
  ])
  for (const [name, service] of Object.entries(services)) {
    assert.ok(service.user !== undefined && !/^(root|0)\b/.test(service.user), `${name}: user`)
    assert.equal(service.read_only, true, `${name}: read_only`)
    assert.deepEqual(service.cap_drop, ['ALL'], `${name}: cap_drop`)
    assert.equal(service.restart, 'unless-stopped', `${name}: restart`)
    assert.ok(service.healthcheck, `${name}: healthcheck`)
  }
})

test('only the gateway is in a network with the chart store, and only nginx has ports', () => {
  const networks = new Set(services.chartstore?.networks)
  const neighbours = Object.entries(services).filter(([, service]) =>
    service.networks.some((network) => networks.has(network)),
  )
  assert.deepEqual(neighbours.map(([name]) => name).sort(), ['chartstore', 'gateway'])
  const published = Object.entries(services).filter(([, service]) => service.ports !== undefined)
  assert.deepEqual(
    published.map(([name]) => name),
    ['nginx'],
  )
})

test('.env.example names every variable of the compose file, and gives away no secret', () => {
  const example = exampleVariables()
  assert.deepEqual(
    [...composeVariables()].filter((name) => !(name in example)),
    [],
  )
  for (const name of requiredComposeVariables()) assert.equal(example[name], '', name)
})

test('the gateway and the chart store take their settings of the compose file', () => {
  const gateway = loadGatewayConfig(composeEnvironment('gateway', secrets))
  const chartstoreEnv = composeEnvironment('chartstore', secrets)
  assert.equal(gateway.chartstore?.password, 'secret')
  assert.equal(gateway.trustProxy, 1)
  assert.deepEqual(loadListeningConfig(chartstoreEnv).auth, {
    kind: 'basic',
    user: gateway.chartstore?.user,
    password: gateway.chartstore?.password,
  })
  assert.deepEqual(loadChartstoreConfig(chartstoreEnv).idle, [])
})
