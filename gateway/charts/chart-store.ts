import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { ReadyAnswer } from '../http/send-ready.ts'

/** What an upload is passed on with. */
export interface UploadGuard {
  /** Headers that the store holds it to, set by us and by nobody else. */
  terms: Readonly<Record<string, string>>
  /**
   * It may take long: asked when it has arrived whole, and rejects where its sender may not publish it any more. Only the
   * store in this process can ask; one behind HTTP publishes what was allowed when it began.
   */
  confirm: () => Promise<void>
}

/**
 * Answers a request whose `url` is already the store's path. Of its headers only those of http/store-headers.ts go on:
 * each store sees to that where it forwards.
 */
export type Upstream = (req: IncomingMessage, res: ServerResponse, upload?: UploadGuard) => void

export interface StoreAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Readable
}

export interface CallOptions {
  /** ETags: the answer is 304 where nothing has changed since. */
  ifNoneMatch?: string | undefined
  /** What the form of the answer depends on, in lower case. */
  headers?: Readonly<Record<string, string>>
  /** Lets go of a store behind HTTP; whoever does not want to wait for the one in this process just goes. */
  signal?: AbortSignal
}

export function callHeaders({ ifNoneMatch, headers }: CallOptions = {}): Record<string, string> {
  return { ...headers, ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }) }
}

/** The chart store as the gateway sees it: in this process or at `CHARTSTORE_URL`. */
export interface ChartStore {
  /** Streams both ways. The store's errors reach the client in the gateway's wire format. */
  forward: Upstream
  /**
   * What `GET` of the path would be answered, where that is in memory and known at once to be right.
   * @param headers those that a store may be told (http/store-headers.ts).
   */
  peek: (path: string, headers: IncomingHttpHeaders) => ReadyAnswer | undefined
  /** The same, whatever it takes. Rejects as `call`, and with the store's error as ours. */
  read: (path: string, headers: Readonly<Record<string, string>>) => Promise<ReadyAnswer>
  /** A request of the gateway's own. Rejects with BadGateway or GatewayTimeout where no answer is to be had. */
  call: (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options?: CallOptions,
  ) => Promise<StoreAnswer>
  /** Has all of a store in this process in memory: what is seldom asked is loaded when it is, or by this. */
  loadAll?: () => Promise<void>
  close: () => Promise<void>
}
