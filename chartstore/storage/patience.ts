/** How long the server of an object store may be silent, in ms. */
export interface Patience {
  connect: number
  /** From a request that was sent to the first byte of its answer, and between two pieces of a body. */
  answer: number
}

export const DEFAULT_PATIENCE: Patience = { connect: 5000, answer: 10_000 }

/** How often a call is tried in all; pauses in between grow, with jitter. */
export const ATTEMPTS = 3

/** Uploads have a second more for each of these, in bytes. */
const SLOWEST_PER_SECOND = 256 * 1024

/** How long an upload of this many bytes may take until its answer. */
export function uploadPatience({ answer }: Patience, size: number): number {
  return answer + (size / SLOWEST_PER_SECOND) * 1000
}
