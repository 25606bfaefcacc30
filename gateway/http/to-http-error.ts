import { HttpError } from './errors.ts'

/** What body-parser and Express hang on their errors: what to answer, and whether the message is meant for the client. */
interface ForeignError {
  status?: unknown
  expose?: unknown
}

/**
 * What to answer for any thrown value. What is not an HttpError keeps its details in `cause`, for the log: they are not
 * shown. (A Postgres that cannot be asked is one already: db/connection-errors.ts.)
 */
export function toHttpError(thrown: unknown): HttpError {
  if (thrown instanceof HttpError) return thrown
  if (!(thrown instanceof Error)) return internalError(thrown)
  const { status, expose, message }: Error & ForeignError = thrown
  if (typeof status === 'number' && status >= 400 && status < 500 && expose !== false) {
    return new HttpError(status, codeOfStatus(status), message, { cause: thrown })
  }
  return internalError(thrown)
}

function internalError(cause: unknown): HttpError {
  return new HttpError(500, 'UNKNOWN', 'internal server error', { cause })
}

const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  412: 'PRECONDITION',
  413: 'REQUEST_ENTITY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE_ENTITY',
  429: 'TOO_MANY_REQUESTS',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
  504: 'GATEWAY_TIMEOUT',
  507: 'INSUFFICIENT_STORAGE',
}

/** Harbor's code for a status: the reason phrase in capitals, with a few names of its own (spec/harbor.md 3.1). */
export function codeOfStatus(status: number): string {
  return CODES[status] ?? (status < 500 ? 'BAD_REQUEST' : 'UNKNOWN')
}
