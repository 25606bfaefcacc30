import { EXIT_CONFIG, StartError } from './start-error.ts'

/** A started service: `stop` drains and closes it, once. */
export interface Running {
  stop: () => Promise<void>
  /** Resolves with why, where it cannot go on. */
  failed?: Promise<unknown>
}

/**
 * Runs a service as this process: faults of the operator's making are one plain message and exit code 78, SIGTERM and
 * SIGINT stop it in order, and a second signal ends it at once.
 */
export async function runService(start: () => Promise<Running | undefined>): Promise<void> {
  try {
    const running = await start()
    if (running !== undefined) stopOnSignal(running.stop)
    void running?.failed?.then(async (reason) => {
      const text = reason instanceof Error ? reason.message : String(reason)
      process.stderr.write(`chartgate: it cannot go on: ${text}\n`)
      await running.stop().finally(() => process.exit(1))
    })
  } catch (error) {
    process.exitCode = 1
    if (error instanceof StartError) {
      process.stderr.write(`chartgate: ${error.message}\n`)
      process.exit(EXIT_CONFIG)
    }
    throw error
  }
}

/** @throws {StartError} for any argument but `--check-config`: a mistyped one must not start the service. */
export function wantsCheckOnly(args: readonly string[]): boolean {
  const unknown = args.filter((arg) => arg !== '--check-config')
  if (unknown.length > 0) {
    throw new StartError(`unknown argument ${unknown.join(' ')}: the only one is --check-config`)
  }
  return args.length > 0
}

function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143)
    stopping = true
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`chartgate: stopping failed: ${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}
