import type { IncomingHttpHeaders } from 'node:http'
import { StoreError } from '../http/store-error.ts'
import type { Quota } from '../index/quota.ts'

/**
 * What the gateway says of an upload, from the settings of the project. Whoever else sends these headers restricts nobody
 * but themselves: they never allow what the store's own settings do not.
 */
export interface UploadTerms {
  quota: Quota
  /** Of the request; Infinity: no limit but the store's own. */
  maxUploadBytes: number
  /** Whether no version may be uploaded again, whatever else allows it. */
  isImmutable: boolean
}

/** @throws {StoreError} 400 for what cannot be read: to guess would be to allow. */
export function readUploadTerms(headers: IncomingHttpHeaders): UploadTerms {
  return {
    quota: {
      bytes: readLimit(headers, 'x-project-max-bytes'),
      versions: readLimit(headers, 'x-project-max-versions'),
    },
    maxUploadBytes: readLimit(headers, 'x-project-max-upload-bytes'),
    isImmutable: readSwitch(headers, 'x-project-immutable'),
  }
}

function readLimit(headers: IncomingHttpHeaders, name: string): number {
  const value = headers[name]
  if (value === undefined) return Number.POSITIVE_INFINITY
  if (typeof value === 'string' && /^\d{1,16}$/.test(value)) return Number(value)
  throw new StoreError(400, `${name} is not a whole number`)
}

function readSwitch(headers: IncomingHttpHeaders, name: string): boolean {
  const value = headers[name]
  if (value === undefined || value === 'false') return false
  if (value === 'true') return true
  throw new StoreError(400, `${name} is neither true nor false`)
}
