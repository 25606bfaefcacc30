import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type { Logger } from 'pino'

/**
 * The log of a process: one JSON object a line, or, on a terminal, one readable line.
 * Credentials never reach it: the headers that carry them are redacted wherever they appear.
 */
export function createLogger(level: string, toTerminal = process.stdout.isTTY === true): Logger {
  const options = {
    level,
    base: null,
    redact: {
      paths: ['authorization', 'cookie', '*.authorization', '*.cookie', '*.*.authorization'],
      censor: '[redacted]',
    },
  }
  if (!toTerminal) return pino(options)
  return pino(
    options,
    pretty({ ignore: 'pid,hostname', singleLine: true, translateTime: 'SYS:HH:MM:ss', sync: true }),
  )
}
