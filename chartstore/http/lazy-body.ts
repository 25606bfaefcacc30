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
  return new LazyRequest(req, res, headers, confirm)
}

/** A class, because V8 makes a hidden class for each object literal that has a getter, and keeps it until a full collection. */
class LazyRequest implements StoreRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly confirm?: () => Promise<void>
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  #isAwaited: boolean

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    headers: IncomingHttpHeaders,
    confirm: (() => Promise<void>) | undefined,
  ) {
    this.method = req.method ?? 'GET'
    this.url = req.url ?? '/'
    this.headers = headers
    if (confirm !== undefined) this.confirm = confirm
    this.#req = req
    this.#res = res
    this.#isAwaited = req.headers.expect !== undefined
  }

  get body(): IncomingMessage {
    if (this.#isAwaited) this.#res.writeContinue()
    this.#isAwaited = false
    return this.#req
  }
}
