import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { StorageError } from '../storage/storage.ts'
import type { RedisClient } from './redis-client.ts'
import type { RedisKeys } from './redis-keys.ts'
import { RELEASE_CLAIM, RENEW_CLAIM } from './redis-scripts.ts'
import type { Claim } from './replicas.ts'

/** A claim whose holder is gone ends after this many ms; a living one renews it. */
const HELD_MS = 15_000
const RENEW_MS = 3000
/** How long others wait for it. */
const WAIT_MS = 30_000

/** Claims that hold for all stores. While Redis is away there are none: better no upload than two that both won. */
export function createRedisClaims(client: RedisClient, keys: RedisKeys): Claim {
  return async (name, task) => {
    const key = keys.claim(name)
    const token = randomUUID()
    await take(client, key, token)
    const lost = new AbortController()
    const renewal = setInterval(() => {
      client.eval(RENEW_CLAIM, 1, key, token, HELD_MS).then(
        (held) => held === 1 || lost.abort(new StorageError('unavailable', LOST)),
        () => lost.abort(new StorageError('unavailable', LOST)),
      )
    }, RENEW_MS)
    try {
      return await task(lost.signal)
    } finally {
      clearInterval(renewal)
      // One that is not released ends by itself.
      await client.eval(RELEASE_CLAIM, 1, key, token).catch(() => undefined)
    }
  }
}

async function take(client: RedisClient, key: string, token: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  while (performance.now() < deadline) {
    const taken = await client.set(key, token, 'PX', HELD_MS, 'NX').catch((cause: unknown) => {
      throw new StorageError('unavailable', AWAY, { cause })
    })
    if (taken === 'OK') return
    await delay(20 + Math.random() * 60)
  }
  throw new StorageError('unavailable', 'another upload of this file takes long: try again')
}

const AWAY = 'uploads wait for Redis, which decides who comes first: try again'
const LOST = 'Redis was lost while this file was being written: try again'
