import type { Readable } from 'node:stream'
import { type Bytes, wholeOf } from '../../service/bytes.ts'
import { STATUS_CODES } from '../../service/node-http.ts'
import { BadGateway, HttpError } from '../http/errors.ts'
import type { ReadyAnswer } from '../http/send-ready.ts'
import { codeOfStatus } from '../http/to-http-error.ts'
import type { StoreAnswer } from './chart-store.ts'

/** Of an error body no more is read, or shown. */
export const MAX_ERROR_BYTES = 16 * 1024

/** What the gateway reads of a project may be this long: some 300,000 versions. */
const MAX_READ_BYTES = 256 * 1024 * 1024

/** @throws {BadGateway} when the body breaks off or is longer than `maxBytes`. */
export async function readBody(body: Readable, maxBytes: number): Promise<Buffer> {
  return Buffer.concat(await readParts(body, maxBytes))
}

/** The same, in the parts in which it comes. */
export async function readParts(body: Readable, maxBytes = MAX_READ_BYTES): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of body) {
      const bytes = Buffer.from(chunk)
      length += bytes.length
      if (length > maxBytes) throw new Error(`longer than ${maxBytes} bytes`)
      chunks.push(bytes)
    }
  } catch (error) {
    throw new BadGateway(error)
  }
  return chunks
}

/** Of a success. @throws the store's error as ours. */
export async function readAnswer(answer: StoreAnswer): Promise<ReadyAnswer> {
  await requireSuccess(answer)
  return { ...answer, body: await readBody(answer.body, MAX_READ_BYTES) }
}

/** @throws the store's error as ours, or {BadGateway} for what is not JSON. */
export async function readJson(answer: StoreAnswer): Promise<unknown> {
  await requireSuccess(answer)
  return parseStoreJson(await readBody(answer.body, MAX_READ_BYTES))
}

/** @throws {BadGateway} for what is not JSON. */
export function parseStoreJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(wholeOf(bytes).toString('utf8'))
  } catch (error) {
    throw new BadGateway(error)
  }
}

/** @throws the store's error as ours. Leaves the body unread when there is none. */
export async function requireSuccess({ status, body }: StoreAnswer): Promise<void> {
  if (status >= 200 && status < 300) return
  const text = await readBody(body, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0))
  throw toStoreError(status, text.toString('utf8'))
}

/**
 * The store's error as the gateway answers it: the same status and text. Its 401 and 403 are not about the client but
 * about our own credential, and redirects lead to where the client cannot go: those are a broken store.
 */
export function toStoreError(status: number, body: string): HttpError {
  if (status < 400 || status === 401 || status === 403) {
    return new BadGateway(new Error(`the chart store answered ${status}: ${body.slice(0, 500)}`))
  }
  const text = readErrorText(body) ?? STATUS_CODES[status] ?? 'error'
  return new HttpError(status, codeOfStatus(status), text)
}

/** ChartMuseum writes `{"error":"…"}`, and some errors as plain text. A page of HTML is no message. */
function readErrorText(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) {
      return String(parsed.error)
    }
  } catch {
    const text = body.trim()
    if (text !== '' && !text.startsWith('<')) return text
  }
  return undefined
}
