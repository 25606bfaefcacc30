import type { StoreRequest } from '../http/answer.ts'
import { ClientGone, StoreError } from '../http/store-error.ts'

export interface BodyLimit {
  bytes: number
  /** What it is called where it is set. */
  setting: string
}

/**
 * The bytes of a request body, as many as all limits allow, multipart overhead included.
 * Ending the iteration early leaves the request readable, so that an answer can still be sent.
 * @throws {StoreError} 413 as soon as the length is known to be too much.
 */
export async function* limitBody(
  request: StoreRequest,
  limits: readonly [BodyLimit, ...BodyLimit[]],
): AsyncGenerator<Uint8Array> {
  const limit = limits.reduce((lowest, other) => (other.bytes < lowest.bytes ? other : lowest))
  if (Number(request.headers['content-length'] ?? 0) > limit.bytes) throw tooLarge(limit)
  let size = 0
  try {
    for await (const chunk of request.body.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length
      if (size > limit.bytes) throw tooLarge(limit)
      yield chunk as Buffer
    }
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new ClientGone('the connection closed before the upload was complete', { cause: error })
  }
}

/** ChartMuseum sends this as plain text, which cm-push cannot show: here it is JSON like every error. */
function tooLarge({ bytes, setting }: BodyLimit): StoreError {
  return new StoreError(413, `request too large: the limit is ${bytes} bytes (${setting})`)
}
