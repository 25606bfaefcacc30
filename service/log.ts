import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type { Logger } from 'pino'

/**
 * The log of a process: one JSON object a line, or, on a terminal, one readable line.
 * Credentials never reach it: the headers that carry them are redacted wherever they appear.
 */
export function createLogger(level: string, toTerminal = process.stdout.isTTY === true): Logger {
  const options = logOptions(level)
  if (toTerminal) return pino(options, pretty(FOR_PEOPLE))
  // Not in the way of requests: whoever reads the log slowly would hold them all up. At the end the rest is written.
  return pino(options, pino.destination({ dest: process.stdout.fd, sync: false }))
}

/** The same on standard error, for a command: its standard output is its result. */
export function createCommandLogger(level: string): Logger {
  const destination = process.stderr.fd
  return process.stderr.isTTY === true
    ? pino(logOptions(level), pretty({ ...FOR_PEOPLE, destination }))
    : pino(logOptions(level), pino.destination({ dest: destination, sync: true }))
}

const FOR_PEOPLE = {
  ignore: 'pid,hostname',
  singleLine: true,
  translateTime: 'SYS:HH:MM:ss',
  sync: true,
}

function logOptions(level: string) {
  return {
    level,
    base: null,
    redact: {
      paths: ['authorization', 'cookie', '*.authorization', '*.cookie', '*.*.authorization'],
      censor: '[redacted]',
    },
  }
}
