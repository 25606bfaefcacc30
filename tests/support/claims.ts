import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { loadRedisConfig } from '../../chartstore/replicas/redis-config.ts'
import { createRedisReplicas } from '../../chartstore/replicas/redis-replicas.ts'
import type { Claim } from '../../chartstore/replicas/replicas.ts'
import { eventually } from './eventually.ts'
import type { RedisServer } from './redis-server.ts'
import { redisEnv } from './replica-set.ts'

/** Claims of one store that shares a Redis. */
export async function openClaims(t: TestContext, redis: RedisServer): Promise<Claim> {
  const config = loadRedisConfig(redisEnv(redis.address))
  assert.ok(config)
  const replicas = createRedisReplicas(config, 'bucket', pino({ level: 'silent' }))
  t.after(replicas.close)
  const { claim } = replicas
  assert.ok(claim)
  // Until the connection stands they are refused.
  await eventually(() => claim('first', async () => undefined))
  return claim
}
