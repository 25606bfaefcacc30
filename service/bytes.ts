/** Short ones are whole, long ones in parts, which others share. Never changed. */
export type Bytes = Buffer | readonly Buffer[]

/** What is longer is sent in parts as it lies in memory: to join it would cost more. */
const WHOLE_BYTES = 1024 * 1024

export function joinShort(parts: readonly Buffer[]): Bytes {
  const length = countBytes(parts)
  return length > WHOLE_BYTES ? parts : Buffer.concat(parts, length)
}

export function countBytes(bytes: Bytes): number {
  return partsOf(bytes).reduce((sum, { length }) => sum + length, 0)
}

export function partsOf(bytes: Bytes): readonly Buffer[] {
  return Buffer.isBuffer(bytes) ? [bytes] : bytes
}

export function wholeOf(bytes: Bytes): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes)
}
