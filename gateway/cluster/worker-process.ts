import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { StartError } from '../../service/start-error.ts'
import type { Hub } from './hub.ts'
import {
  type FromWorker,
  openEnvelope,
  type ToWorker,
  type WorkerStart,
} from './worker-messages.ts'

/** A worker, as the primary sees it. */
export interface WorkerProcess {
  /** Resolves to its URL. Rejects where it ends before it listens; with a StartError for what the operator can mend. */
  ready: Promise<string>
  /** Resolves to how it ended, when what it left is in order. */
  ended: Promise<string>
  /** Has it finish what runs, and end. */
  stop: () => void
  kill: () => void
}

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** Workers start with the code that earlier ones have left. */
const WORKER_OPTIONS = [...process.execArgv, '--import', pathOf('../../service/code-cache.js')]

export function forkWorker(start: WorkerStart, hub: Hub): WorkerProcess {
  cluster.setupPrimary({ exec: pathOf('./main.ts'), args: [], execArgv: WORKER_OPTIONS })
  const worker = cluster.fork()
  // one that has just died is not told any more
  const send = (chartgate: ToWorker) => void worker.send({ chartgate }, () => undefined)
  const member = hub.connect((message) => send({ kind: 'hub', message }))
  const ready = Promise.withResolvers<string>()
  const ended = Promise.withResolvers<string>()
  // whoever waits for the end need not wait for the start
  ready.promise.catch(() => undefined)

  worker.on('error', () => undefined)
  worker.on('message', (received: unknown) => {
    const message = openEnvelope<FromWorker>(received)
    switch (message?.kind) {
      case 'hub':
        return member.receive(message.message)
      case 'ready':
        return ready.resolve(message.url)
      case 'failed':
        return ready.reject(toError(message))
    }
  })
  worker.once('exit', (code: number | null, signal: string | null) => {
    const how = signal === null ? `exit code ${code}` : signal
    ready.reject(new Error(`worker ${start.number} ended before it listened: ${how}`))
    member.leave().then(() => ended.resolve(how), ended.reject)
  })
  send({ kind: 'start', start })
  return {
    ready: ready.promise,
    ended: ended.promise,
    stop: () => send({ kind: 'stop' }),
    kill: () => void worker.process.kill('SIGKILL'),
  }
}

function toError({ reason, isStartError }: Extract<FromWorker, { kind: 'failed' }>): Error {
  return isStartError ? new StartError(reason) : new Error(reason)
}
