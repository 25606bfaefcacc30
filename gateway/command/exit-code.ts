import { CommanderError } from 'commander'
import { EXIT_CONFIG, StartError, Unreachable } from '../../service/start-error.ts'
import { HttpError } from '../http/errors.ts'

/** What a command ends with: the codes of sysexits.h where it has one. */
export const EXIT = {
  done: 0,
  /** It was done, and found something wrong; or it was refused because of what is there. */
  problems: 1,
  usage: 64,
  /** The database or the chart store cannot be asked. */
  unavailable: 69,
  /** Our own fault. */
  software: 70,
  configuration: EXIT_CONFIG,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Somebody pressed Ctrl-C: what was under way has been given up. */
export class Interrupted extends Error {
  override name = 'Interrupted'

  constructor() {
    super('interrupted')
  }
}

/** A command line that cannot be meant so. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export function exitCodeOf(error: unknown): ExitCode {
  // commander also throws to end after --help and --version
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (error instanceof UsageError) return EXIT.usage
  if (error instanceof Interrupted) return EXIT.interrupted
  if (error instanceof Unreachable) return EXIT.unavailable
  if (error instanceof StartError) return EXIT.configuration
  if (!(error instanceof HttpError)) return EXIT.software
  if (error.status >= 500) return EXIT.unavailable
  return error.status === 400 ? EXIT.usage : EXIT.problems
}
