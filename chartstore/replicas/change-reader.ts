import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Logger } from '../../service/log.ts'
import type { FileFacts } from '../storage/storage.ts'
import type { RedisClient } from './redis-client.ts'
import type { RedisKeys } from './redis-keys.ts'
import { toFields } from './redis-pairs.ts'
import type { ReplicaListener } from './replicas.ts'

const BLOCK_MS = 2000
/** Longer than a blocking read lasts: after this the connection is dead, whatever it looks like. */
export const SILENCE_MS = BLOCK_MS + 2000
const RETRY_MS = 200
const BATCH = 500

interface Position {
  id: string
  epoch: string
  revision: number
}

const START: Position = { id: '0-0', epoch: '', revision: 0 }

/**
 * Reads the stream of changes on a connection of its own, for ever. Revisions that do not connect (the stream was
 * trimmed, Redis was flushed, restarted empty or failed over to one that knew less) are a gap.
 */
export function createChangeReader(options: {
  /** Gives a connection up that is silent for {@link SILENCE_MS}. */
  client: RedisClient
  keys: RedisKeys
  /** Changes of this origin are our own. */
  origin: string
  listener: ReplicaListener
  log: Logger
}): { stop: () => void } {
  const { client, keys, origin, listener, log } = options
  let position: Position | undefined
  let isStopped = false

  /** Where the stream ends now. */
  const findEnd = async (): Promise<Position> => {
    const [last] = await client.xrevrange(keys.changes, '+', '-', 'COUNT', 1)
    return last === undefined ? START : toPosition(last[0], toFields(last[1]))
  }

  const jumpToEnd = async () => {
    position = await findEnd()
    listener.onGap(undefined)
  }

  const read = async () => {
    if (position === undefined) return jumpToEnd()
    const { id } = position
    const answer = await client.xread(
      'COUNT',
      BATCH,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      keys.changes,
      id,
    )
    const entries = answer?.[0]?.[1] ?? []
    for (const [id, list] of entries) {
      const fields = toFields(list)
      const next = toPosition(id, fields)
      const connects =
        next.revision === position.revision + 1 &&
        (next.epoch === position.epoch || position.epoch === '')
      if (!connects) return jumpToEnd()
      position = next
      tell(fields)
    }
    // A stream that was lost and begun anew by a slower clock would stay silent for ever.
    if (entries.length === 0 && (await findEnd()).id !== position.id) await checkSilence(position)
    return undefined
  }

  const checkSilence = async (before: Position) => {
    const [next] = await client.xrange(keys.changes, `(${before.id}`, '+', 'COUNT', 1)
    if (next === undefined) await jumpToEnd()
  }

  const tell = (fields: Map<string, string>) => {
    const [project, fileName] = [fields.get('project') ?? '', fields.get('file') ?? '']
    const from = fields.get('origin') ?? ''
    if (from === origin) return
    if (fileName === '') return listener.onGap(project)
    const files = parseFiles(fields.get('files'))
    void listener.onChange({
      project,
      fileName,
      entry: fields.get('entry') || undefined,
      files: files ?? [],
      origin: from,
      asksStorage: fields.get('ask') === '1' || files === undefined,
    })
  }

  const run = async () => {
    while (!isStopped) {
      try {
        await read()
      } catch (error) {
        // The first revision of a Redis that was empty before connects to that of one that was lost meanwhile.
        if (position === START) position = undefined
        log.debug({ reason: String(error) }, 'reading changes failed')
        await delay(RETRY_MS)
      }
    }
  }

  run().catch((error: unknown) => log.error({ err: error }, 'no changes are read any more'))
  return {
    stop: () => {
      isStopped = true
      client.disconnect()
    },
  }
}

const toldFiles = z.array(
  z.object({ fileName: z.string(), size: z.int().min(0), tag: z.string().optional() }),
)

/** undefined for what a store of another version tells. */
function parseFiles(text = ''): FileFacts[] | undefined {
  try {
    return toldFiles.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function toPosition(id: string, fields: Map<string, string>): Position {
  return { id, epoch: fields.get('epoch') ?? '', revision: Number(fields.get('revision')) }
}
