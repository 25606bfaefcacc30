/** Short ones are whole, long ones in parts, which others share. Never changed. */
export type Bytes = Buffer | readonly Buffer[]

/** What is longer is sent in parts as it lies in memory: to join it would cost more. */
const WHOLE_BYTES = 1024 * 1024

export function joinShort(parts: readonly Buffer[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return length > WHOLE_BYTES ? parts : Buffer.concat(parts, length)
}
