import type { Logger } from '../../service/log.ts'
import { InvalidChart } from '../chart/chart-error.ts'
import { FileNameTaken } from '../index/file-name-taken.ts'
import { LimitReached } from '../index/object-limit.ts'
import { QuotaExceeded } from '../index/quota.ts'
import { StorageError } from '../storage/storage.ts'
import type { Answer } from './answer.ts'

/** A refusal with ChartMuseum's `{"error":"…"}`. */
export class StoreError extends Error {
  override name = 'StoreError'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** The client went away while it was sending: there is nobody to answer. */
export class ClientGone extends Error {
  override name = 'ClientGone'
}

/** The one place where errors become answers. What is not known here is logged and not shown. */
export function answerError(error: unknown, log: Logger): Answer {
  const known = toStoreError(error)
  if (known === undefined) log.error({ err: error }, 'request failed')
  const { status, message, headers } = known ?? new StoreError(500, 'internal server error')
  if (status >= 500 && known !== undefined && !(error instanceof StoreError)) {
    log.error({ err: error }, 'storage failed')
  }
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify({ error: message }),
  }
}

function toStoreError(error: unknown): StoreError | undefined {
  if (error instanceof StoreError) return error
  if (error instanceof InvalidChart) return new StoreError(400, error.message)
  if (error instanceof FileNameTaken) return new StoreError(409, error.message)
  if (error instanceof QuotaExceeded) return new StoreError(412, error.message)
  if (error instanceof LimitReached) return new StoreError(507, error.message)
  if (error instanceof ClientGone) return new StoreError(400, 'the upload was cut short')
  if (!(error instanceof StorageError)) return undefined
  switch (error.fault) {
    case 'missing':
      return new StoreError(404, 'object not found')
    case 'exists':
      return new StoreError(409, 'file already exists')
    case 'full':
      return new StoreError(507, error.message)
    case 'unavailable':
      return new StoreError(503, error.message, { 'retry-after': '5' })
  }
}
