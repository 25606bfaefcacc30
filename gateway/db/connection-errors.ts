import { type StartError, Unreachable } from '../../service/start-error.ts'
import { ServiceUnavailable } from '../http/errors.ts'

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Shutting down, crashed, not yet up, cancelled by statement_timeout, out of connections; and class 08 whole. */
const SERVER_CODES = /^(?:57P0[1-5]|57014|53300|08...)$/

/** node-postgres gives these no code. */
const CLIENT_MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed and is not queryable)/

/** Whether Postgres could not be asked, as against having refused what it was asked. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // Node reports a host with several addresses as one AggregateError
  if (error instanceof AggregateError && error.errors.some(isConnectionError)) return true
  const code = postgresCode(error)
  if (code === undefined) return CLIENT_MESSAGES.test(error.message)
  return SOCKET_CODES.has(code) || SERVER_CODES.test(code)
}

/** The error as the rest of the program may meet it: 503 where Postgres could not be asked, else itself. */
export function translateConnectionError(error: unknown): unknown {
  return isConnectionError(error) ? new ServiceUnavailable('database unavailable', error) : error
}

/** The SQLSTATE, or the code of the socket, if the error has one. */
export function postgresCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The constraint that a row broke, if that is what the error tells. */
export function brokenConstraint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('constraint' in error)) return undefined
  return typeof error.constraint === 'string' ? error.constraint : undefined
}

/**
 * Why the first connection failed, in one line that names the database and keeps its password to itself.
 * @param setting where the connection string was given.
 */
export function describeConnectFailure(
  error: unknown,
  connectionString?: string,
  setting = 'DATABASE_URL',
): StartError {
  const database =
    connectionString === undefined
      ? 'embedded Postgres'
      : `database at ${setting} ${withoutPassword(connectionString)}`
  return new Unreachable(`the ${database} cannot be reached: ${reasonOf(error)}`, { cause: error })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join(', ')
  }
  return error.message || postgresCode(error) || error.name
}

/** The query string goes as well: it may hold `password` or key files. */
export function withoutPassword(connectionString: string): string {
  try {
    const url = new URL(connectionString)
    url.password = ''
    url.search = ''
    return url.href
  } catch {
    return '(not a URL such as postgres://user:password@host:5432/name)'
  }
}
