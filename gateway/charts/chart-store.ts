import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'

/**
 * Answers a request whose `url` is already the store's path. Of its headers only those of http/store-headers.ts go on:
 * each store sees to that where it forwards.
 */
export type Upstream = (
  req: IncomingMessage,
  res: ServerResponse,
  /**
   * For an upload that may take long: asked when it has arrived whole, and rejects where its sender may not publish it any
   * more. Only the store in this process can ask; one behind HTTP publishes what was allowed when it began.
   */
  confirm?: () => Promise<void>,
) => void

export interface StoreAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Readable
}

export interface CallOptions {
  /** An ETag: the answer is 304 where nothing has changed since. */
  ifNoneMatch?: string | undefined
}

export function callHeaders({ ifNoneMatch }: CallOptions = {}): Record<string, string> {
  return ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }
}

/** The chart store as the gateway sees it: in this process or at `CHARTSTORE_URL`. */
export interface ChartStore {
  /** Streams both ways. The store's errors reach the client in the gateway's wire format. */
  forward: Upstream
  /** A request of the gateway's own. Rejects with BadGateway or GatewayTimeout where no answer is to be had. */
  call: (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options?: CallOptions,
  ) => Promise<StoreAnswer>
  close: () => Promise<void>
}
