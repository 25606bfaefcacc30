import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { Client } from 'pg'
import type { ConnectionConfig } from './connect.ts'

const HEARTBEAT_MS = 500
const ANSWER_MS = 500

/** A proof of life is worth no more than this, so that no change goes unheard for longer. */
const PROOF_MS = HEARTBEAT_MS + ANSWER_MS

/** One listening connection, from its LISTEN to its end. */
export interface ListeningSession {
  /** Whether it has answered within the time for which an answer is worth anything. */
  isProven: () => boolean
  notify: (payload: string) => void
  /** Resolves with the reason when the connection is of no more use. */
  lost: Promise<unknown>
  end: () => Promise<void>
}

/** @throws when the connection cannot be made. */
export async function openListeningSession(
  connection: ConnectionConfig,
  channel: string,
  hear: (payload: string) => void,
): Promise<ListeningSession> {
  const client = new Client({
    ...connection,
    application_name: 'chartgate-changes',
    connectionTimeoutMillis: 2_000,
    keepAlive: true,
  })
  const ended = new AbortController()
  const lost = new Promise<unknown>((resolve) => {
    ended.signal.addEventListener('abort', () => resolve(ended.signal.reason))
  })
  let provenAt = Number.NEGATIVE_INFINITY

  let last: Promise<unknown> = Promise.resolve()

  const ask = (text: string, values: string[] = []): Promise<void> => {
    const answer = last.then(async () => {
      const askedAt = performance.now()
      await client.query(text, values)
      provenAt = askedAt
    })
    // one after the other, as the connection takes them
    last = answer.catch(() => undefined)
    return answer
  }
  const end = async (reason: unknown): Promise<void> => {
    if (ended.signal.aborted) return
    ended.abort(reason)
    // a peer that is gone never acknowledges the goodbye
    const goodbye = client.end().catch(() => undefined)
    await Promise.race([goodbye, delay(ANSWER_MS, undefined, { ref: false })])
  }
  const beat = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await delay(HEARTBEAT_MS, undefined, { signal: ended.signal, ref: false })
      await answered(ask('select 1'))
    }
  }

  client.on('error', (error) => void end(error))
  client.on('end', () => void end(new Error('the connection was closed')))
  client.on('notification', (message) => {
    if (message.channel === channel && !ended.signal.aborted) hear(message.payload ?? '')
  })
  try {
    await client.connect()
    await ask(`listen ${channel}`)
  } catch (error) {
    await end(error)
    throw error
  }
  beat().catch((error: unknown) => end(error))

  return {
    isProven: () => !ended.signal.aborted && performance.now() - provenAt <= PROOF_MS,
    notify: (payload) => {
      ask('select pg_notify($1::text, $2::text)', [channel, payload]).catch(() => undefined)
    },
    lost,
    end: () => end(new Error('closed')),
  }
}

/** @throws when the answer does not come in time. */
async function answered(answer: Promise<void>): Promise<void> {
  const limit = new AbortController()
  const late = async (): Promise<never> => {
    await delay(ANSWER_MS, undefined, { signal: limit.signal, ref: false })
    // when it was this process that was busy, the answer is waiting in the socket: read before judging
    await nextTurn()
    throw new Error(`no answer to the heartbeat within ${ANSWER_MS} ms`)
  }
  const lateness = late()
  lateness.catch(() => undefined)
  try {
    await Promise.race([answer, lateness])
  } finally {
    limit.abort()
  }
}
