import type { IncomingMessage, ServerResponse } from 'node:http'
import { prepareEarlyAnswer } from '../../service/early-answer.ts'
import type { Logger } from '../../service/log.ts'
import type { HttpError } from './errors.ts'
import { toHttpError } from './to-http-error.ts'

/** A request as it came: Express and the proxy change `url`. */
export type OriginalRequest = IncomingMessage & { originalUrl?: string; requestId?: string }

/** What of it was read, without its connection. */
export type AskedRequest = Pick<
  OriginalRequest,
  'method' | 'url' | 'headers' | 'originalUrl' | 'requestId'
>

export const CHALLENGE = 'Basic realm="Chartgate"'

/** Whether helm, cm-push and their like ask here, who read errors as `{"error": …}`. */
export function isChartPath(url: string): boolean {
  return /^\/+(?:api\/+(?:v2\.0\/+)?)?chartrepo(?:[/?]|$)/.test(url)
}

/**
 * The one way in which a failure reaches a client: in the wire format of its route, and never more than an HttpError
 * tells. When the answer has begun there is no way to say so but to break the connection.
 */
export function sendError(
  req: OriginalRequest,
  res: ServerResponse,
  thrown: unknown,
  log: Logger,
): void {
  const error = toHttpError(thrown)
  const url = req.originalUrl ?? req.url ?? ''
  if (error.status >= 500) {
    const entry = { err: error.cause ?? error, status: error.status, requestId: req.requestId }
    log.error(entry, `${req.method} ${url.split('?')[0]} failed: ${error.message}`)
  }
  if (res.writableEnded) return
  if (res.headersSent) {
    res.destroy()
    return
  }
  prepareEarlyAnswer(req, res)
  const { type, text } = formatError(url, error)
  const body = Buffer.from(text)
  // Of the answer that was being made, nothing but what every answer has.
  for (const name of ['etag', 'last-modified', 'cache-control', 'content-range', 'accept-ranges']) {
    res.removeHeader(name)
  }
  for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value)
  if (error.status === 401 && isChallenged(url)) res.setHeader('WWW-Authenticate', CHALLENGE)
  res.setHeader('Content-Type', `${type}; charset=utf-8`)
  res.setHeader('Content-Length', body.length)
  res.statusCode = error.status
  res.end(body)
}

/**
 * On chart paths `error` is for cm-push, which can read nothing else, and `errors` beside it for Harbor v2 clients
 * (spec/harbor.md 1.8); elsewhere it is Harbor's `errors` alone. Harbor 1.7 wrote a line of text, and an empty one to whom
 * it did not know (3.10).
 */
function formatError(
  url: string,
  { status, code, message }: HttpError,
): { type: string; text: string } {
  if (isOldApiPath(url)) return { type: 'text/plain', text: `${status === 401 ? '' : message}\n` }
  const errors = [{ code, message }]
  const body = isChartPath(url) ? { error: message, errors } : { errors }
  return { type: 'application/json', text: JSON.stringify(body) }
}

/** What is below `/api`, but neither of charts nor of Harbor 2. */
function isOldApiPath(url: string): boolean {
  return !isChartPath(url) && /^\/api\/(?!(?:v2\.0|version)(?:[/?]|$))/.test(url)
}

/** Not on `/api`: a browser would put its own dialog in front of the portal. */
function isChallenged(url: string): boolean {
  return /^\/+(?:chartrepo|service)(?:[/?]|$)/.test(url)
}
