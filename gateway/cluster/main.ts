import { createLogger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import { loadGatewayConfig } from '../config.ts'
import { connectDatabase } from '../db/connect.ts'
import { serve } from '../serve.ts'
import { startInSteps } from '../steps.ts'
import { connectToHub } from './siblings-by-hub.ts'
import {
  type FromWorker,
  openEnvelope,
  type ToWorker,
  type WorkerStart,
} from './worker-messages.ts'

/**
 * A worker of the gateway as a process. The primary starts it and tells it to stop; when the primary is gone, so is its
 * channel, and node:cluster ends the worker.
 */
const config = loadGatewayConfig(process.env)
const log = createLogger(config.logLevel)
const hub = connectToHub((message) => send({ kind: 'hub', message }), log)
let stop = async () => {}
let ending: Promise<void> | undefined

// Ctrl-C reaches all processes of a terminal: the primary says when.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', end)
process.on('message', (received) => {
  const message = openEnvelope<ToWorker>(received)
  switch (message?.kind) {
    case 'hub':
      return hub.receive(message.message)
    case 'stop':
      return end()
    case 'start':
      void start(message.start)
  }
})

async function start({ number, connection, storeSocket }: WorkerStart): Promise<void> {
  try {
    const gateway = await startInSteps(async (stops) => {
      const db = await connectDatabase(connection, log)
      stops.push(db.close)
      const ownLog = log.child({ worker: number })
      const { siblings } = hub
      const surroundings = { connection, db, env: process.env, log: ownLog, siblings, storeSocket }
      return { url: await serve(surroundings, config, stops) }
    })
    stop = gateway.stop
    send({ kind: 'ready', url: gateway.url })
  } catch (error) {
    const isStartError = error instanceof StartError
    if (!isStartError) log.fatal({ err: error }, 'a worker cannot start')
    const reason = error instanceof Error ? error.message : String(error)
    send({ kind: 'failed', reason, isStartError }, () => process.exit(1))
  }
}

function end(): void {
  if (ending !== undefined) return
  ending = stop()
  ending.then(
    () => process.exit(0),
    (error: unknown) => {
      log.fatal({ err: error }, 'stopping failed')
      process.exit(1)
    },
  )
}

/** A primary that is gone hears nothing, and we end. */
function send(chartgate: FromWorker, sent: () => void = () => undefined): void {
  process.send?.({ chartgate }, undefined, undefined, sent)
}
