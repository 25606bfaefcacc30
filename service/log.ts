import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino, symbols } from 'pino'
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

/**
 * Lines of one kind, one a request: of plain values and without a credential, so that nothing is looked for in them. They are what
 * pino makes of them, in a third of the time.
 */
export function createPlainLines(
  log: Logger,
  msg: string,
): (values: Record<string, string | number | boolean | undefined>) => void {
  const stream: DestinationStream = Reflect.get(log, symbols.streamSym)
  const start = `{"level":${log.levels.values.info},"time":`
  const bound: string = Reflect.get(log, symbols.chindingsSym)
  return (values) => {
    if (!log.isLevelEnabled('info')) return
    const rest = JSON.stringify({ ...values, msg }).slice(1)
    stream.write(`${start}${Date.now()}${bound},${rest}\n`)
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
