import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { allowAll } from '../chartstore/auth/authenticator.ts'
import type { ChartstoreConfig } from '../chartstore/config/config.ts'
import { type Answer, isFileBody } from '../chartstore/http/answer.ts'
import { toStoreRequest } from '../chartstore/http/lazy-body.ts'
import { createStoreServer } from '../chartstore/http/serve.ts'
import { withLength, writeAnswer } from '../chartstore/http/write-answer.ts'
import { openChartstore } from '../chartstore/open-chartstore.ts'
import { recoverStorage } from '../chartstore/storage/open-storage.ts'
import type { Logger } from '../service/log.ts'
import type { Siblings } from '../service/siblings.ts'
import { VERSION } from '../service/version.ts'
import { type ChartStore, callHeaders, type UploadGuard } from './charts/chart-store.ts'
import { MAX_ERROR_BYTES, readAnswer, readBody, toStoreError } from './charts/store-answer.ts'
import { type OriginalRequest, sendError } from './http/send-error.ts'
import type { ReadyAnswer } from './http/send-ready.ts'
import { selectStoreHeaders } from './http/store-headers.ts'

export interface EmbeddedStore extends ChartStore {
  /** The store's own API for the admin command, which asks for no credentials: for a private socket only. */
  createServer: () => Server
}

/** Puts in order what a process with such a store was writing when it died. */
export function recoverEmbeddedStore(config: ChartstoreConfig): Promise<void> {
  return recoverStorage(config.storage)
}

/**
 * The chart store in this process: a request is a function call (a proxy hop costs more than the answer).
 * @param siblings processes of the same gateway, each with such a store.
 */
export async function createEmbeddedStore(
  config: ChartstoreConfig,
  log: Logger,
  siblings?: Siblings,
): Promise<EmbeddedStore> {
  // The gateway has decided already.
  const deps = { authenticate: allowAll, log, version: VERSION }
  const store = await openChartstore(config, deps, siblings)

  const forward = async (req: OriginalRequest, res: ServerResponse, upload?: UploadGuard) => {
    let denial: unknown
    const confirmOrDeny = async () => {
      await upload?.confirm().catch((error: unknown) => {
        denial = error
        throw error
      })
    }
    const requestId = req.requestId === undefined ? {} : { 'x-request-id': req.requestId }
    const headers = { ...selectStoreHeaders(req.headers), ...upload?.terms, ...requestId }
    const answer = await store.dispatch(toStoreRequest(req, res, headers, confirmOrDeny))
    if (denial !== undefined) throw denial
    if (answer.status < 300 || answer.status === 304) return writeAnswer(req, res, answer)
    for (const name of ['retry-after', 'content-range'] as const) {
      const value = answer.headers[name]
      if (value !== undefined) res.setHeader(name, value)
    }
    const text = await readBody(toReadable(answer.body), MAX_ERROR_BYTES)
    sendError(req, res, toStoreError(answer.status, text.toString('utf8')), log)
  }

  return {
    forward: (req: IncomingMessage, res, upload) => {
      forward(req, res, upload).catch((error: unknown) => sendError(req, res, error, log))
    },
    peek: (url, headers) => {
      const answer = store.peek({ method: 'GET', url, headers, body: NO_BODY })
      return answer && toReady(answer)
    },
    read: async (url, headers) => {
      const answer = await store.dispatch({ method: 'GET', url, headers, body: NO_BODY })
      const ready = toReady(answer)
      if (ready?.status === 200) return ready
      return readAnswer({ ...answer, body: toReadable(answer.body) })
    },
    call: async (method, path, options) => {
      options?.signal?.throwIfAborted()
      const headers = callHeaders(options)
      const request = { method, url: path, headers, body: Readable.from([]) }
      const answer = await store.dispatch(request)
      return { ...answer, body: toReadable(answer.body) }
    },
    loadAll: store.loadAll,
    close: store.close,
    createServer: () =>
      createStoreServer(store.dispatch, { log: log.child({}, { level: 'warn' }) }),
  }
}

/** GET has none, and nobody reads this one. */
const NO_BODY = Readable.from([])

/** undefined for what is still to be read. */
function toReady({ status, headers, body }: Answer): ReadyAnswer | undefined {
  if (body instanceof Readable || isFileBody(body)) return undefined
  return { status, headers: withLength(headers, body, status), body }
}

function toReadable(body: Answer['body']): Readable {
  if (body instanceof Readable) return body
  if (body === undefined) return Readable.from([])
  if (isFileBody(body)) return body.file.stream(body.range)
  return Readable.from(
    typeof body === 'string' || Buffer.isBuffer(body) ? [Buffer.from(body)] : body,
  )
}
