import { randomUUID } from 'node:crypto'
import type { Logger } from '../../service/log.ts'
import { createAnnouncer, type Told } from './announcer.ts'
import { createChangeReader, SILENCE_MS } from './change-reader.ts'
import { createRedisClaims } from './redis-claims.ts'
import { createRedisClient } from './redis-client.ts'
import type { RedisConfig } from './redis-config.ts'
import { createRedisKeys } from './redis-keys.ts'
import { toFields } from './redis-pairs.ts'
import { ANNOUNCE, CORRECT } from './redis-scripts.ts'
import type { Correction, Replicas } from './replicas.ts'

/** After a command that Redis did not answer, so long nobody waits for it again. */
const REST_MS = 2000
const CORRECTIONS_AT_ONCE = 100
/** About so many entries come in one answer: Redis does nothing else while it gathers them. */
const SCANNED_AT_ONCE = 100
/** Characters of an entry. Redis keeps thousands of them; who is told of a larger one reads the package. */
const TOLD_LENGTH = 16 * 1024

/** Stores that tell each other by Redis. @param bucket names the storage that they share. */
export function createRedisReplicas(config: RedisConfig, bucket: string, log: Logger): Replicas {
  const keys = createRedisKeys(config.prefix, bucket)
  const client = createRedisClient(config, log)
  const origin = randomUUID()
  let restsUntil = 0
  let reader: { stop: () => void } | undefined

  const asking = async <Result>(command: () => Promise<Result>): Promise<Result> => {
    if (performance.now() < restsUntil) throw new Error('Redis did not answer a moment ago')
    try {
      return await command()
    } catch (error) {
      if (error instanceof Error && /timed out/.test(error.message)) {
        restsUntil = performance.now() + REST_MS
        // A connection that swallows commands is not worth keeping.
        client.disconnect(true)
      }
      throw error
    }
  }

  const send = async ({ project, fileName = '', entry = '', files = [], isLate }: Told) => {
    const isLarge = entry.length > TOLD_LENGTH
    await asking(() =>
      client.eval(
        ANNOUNCE,
        3,
        keys.index(project),
        keys.feed,
        keys.changes,
        project,
        fileName,
        isLarge ? '' : entry,
        origin,
        randomUUID(),
        isLarge || isLate === true ? '1' : '',
        JSON.stringify(files),
      ),
    )
  }
  const announcer = createAnnouncer(send, log)

  const correct = async (project: string, corrections: Iterable<Correction>) => {
    let values: string[] = []
    const send = async () => {
      const sent = values
      values = []
      await asking(() => client.eval(CORRECT, 1, keys.index(project), ...sent))
    }
    for (const { fileName, from = '', to = '' } of corrections) {
      values.push(fileName, from, to.length > TOLD_LENGTH ? '' : to)
      if (values.length === 3 * CORRECTIONS_AT_ONCE) await send()
    }
    if (values.length > 0) await send()
  }

  /** A scan that breaks off has told some. */
  const scan = async function* (project: string): AsyncGenerator<Map<string, string>> {
    const key = keys.index(project)
    let cursor = '0'
    do {
      const from = cursor
      const answer = await asking(() => client.hscan(key, from, 'COUNT', SCANNED_AT_ONCE)).catch(
        () => undefined,
      )
      if (answer === undefined) return
      const [next, list] = answer
      yield toFields(list)
      cursor = next
    } while (cursor !== '0')
  }

  return {
    announce: announcer.announce,
    listen: (listener) => {
      reader = createChangeReader({
        client: createRedisClient(config, log.child({}, { level: 'silent' }), {
          socketTimeout: SILENCE_MS,
        }),
        keys,
        origin,
        listener,
        log,
      })
    },
    hints: scan,
    correct: (project, corrections) => correct(project, corrections).catch(() => undefined),
    claim: createRedisClaims(client, keys),
    siblings: undefined,
    close: async () => {
      announcer.close()
      reader?.stop()
      client.disconnect()
    },
  }
}
