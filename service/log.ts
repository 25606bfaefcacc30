import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino } from 'pino'
import type { PrettyOptions, PrettyStream } from 'pino-pretty'

export type { Logger } from 'pino'

/**
 * The log of a process: one JSON object a line, or, on a terminal, one readable line.
 * Credentials never reach it: the headers that carry them are redacted wherever they appear.
 */
export function createLogger(level: string, toTerminal = process.stdout.isTTY === true): Logger {
  const options = logOptions(level)
  if (toTerminal) return pino(options, createPretty(FOR_PEOPLE))
  return pino(options, createTurnDestination(process.stdout.fd))
}

/** The same on standard error, for a command: its standard output is its result. */
export function createCommandLogger(level: string): Logger {
  const destination = process.stderr.fd
  return process.stderr.isTTY === true
    ? pino(logOptions(level), createPretty({ ...FOR_PEOPLE, destination }))
    : pino(logOptions(level), pino.destination({ dest: destination, sync: true }))
}

/**
 * Lines of one turn of the event loop leave together: a write a line costs more than making it. At the end of each turn all are
 * out, so that who kills the process loses none that tells of what was answered.
 */
function createTurnDestination(fd: number): DestinationStream & { flushSync: () => void } {
  // it tries again where a pipe is full
  const out = pino.destination({ dest: fd, sync: true })
  let lines = ''
  const flushSync = () => {
    const text = lines
    lines = ''
    if (text !== '') out.write(text)
  }
  process.once('exit', flushSync)
  return {
    write: (line) => {
      if (lines === '') setImmediate(flushSync)
      lines += line
    },
    flushSync,
  }
}

/** Loaded only where people look: a server's log rarely goes to a terminal. */
function createPretty(options: PrettyOptions): PrettyStream {
  const load: (name: 'pino-pretty') => typeof import('pino-pretty') = createRequire(import.meta.url)
  return load('pino-pretty')(options)
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
