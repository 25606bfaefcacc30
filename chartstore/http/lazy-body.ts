import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { StoreRequest } from './answer.ts'

/**
 * A request whose body is asked for when somebody reads it: a client that waits for `100 Continue` (curl, on big
 * uploads) sends nothing when it is refused for its credentials or its length.
 */
export function toStoreRequest(
  req: IncomingMessage,
  res: ServerResponse,
  headers: IncomingHttpHeaders,
  confirm?: () => Promise<void>,
): StoreRequest {
  let isAwaited = req.headers.expect !== undefined
  return {
    method: req.method ?? 'GET',
    url: req.url ?? '/',
    headers,
    ...(confirm === undefined ? {} : { confirm }),
    get body() {
      if (isAwaited) res.writeContinue()
      isAwaited = false
      return req
    },
  }
}
