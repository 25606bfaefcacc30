import type { ConnectionConfig } from '../db/connect.ts'
import type { FromHub, ToHub } from './sibling-messages.ts'

/** What a worker is started with, beside the configuration that it reads itself. */
export interface WorkerStart {
  /** 1 and up. One that takes another one's place has its number. */
  number: number
  connection: ConnectionConfig
  /** Where it offers its store to the admin command. */
  storeSocket: string | undefined
}

export type ToWorker =
  | { kind: 'start'; start: WorkerStart }
  | { kind: 'stop' }
  | { kind: 'hub'; message: FromHub }

export type FromWorker =
  | { kind: 'ready'; url: string }
  | { kind: 'failed'; reason: string; isStartError: boolean }
  | { kind: 'hub'; message: ToHub }

/** The counters of rate-limiter-flexible talk over the same channel: ours are in an envelope. */
export interface Envelope<Message> {
  chartgate: Message
}

/** Only our own processes are at the other end: what is in the envelope is what its type says. */
export function openEnvelope<Message>(received: unknown): Message | undefined {
  const isOurs = typeof received === 'object' && received !== null && 'chartgate' in received
  return isOurs ? (received as Envelope<Message>).chartgate : undefined
}
