import type { IndexEntry } from './entry.ts'

/** What is known of the entries of a page without reading them, by their place in it. */
export interface PageFacts {
  count: number
  fingerprint: (at: number) => Buffer
  modifiedNs: (at: number) => bigint
  /** Where its YAML begins and ends in the page. */
  start: (at: number) => number
  end: (at: number) => number
}

/** Of one entry: its fingerprint, the time of its file, where it begins and where it ends. */
const RECORD_BYTES = 32
const TIME = 16
const START = 24
const END = 28

/** As `writePageFacts` made it. */
export function readPageFacts(base64: string): PageFacts {
  const bytes = Buffer.from(base64, 'base64')
  return {
    count: bytes.length / RECORD_BYTES,
    fingerprint: (at) => bytes.subarray(at * RECORD_BYTES, at * RECORD_BYTES + TIME),
    modifiedNs: (at) => bytes.readBigInt64LE(at * RECORD_BYTES + TIME),
    start: (at) => bytes.readUInt32LE(at * RECORD_BYTES + START),
    end: (at) => bytes.readUInt32LE(at * RECORD_BYTES + END),
  }
}

/** @param places where the YAML of each begins and ends. */
export function writePageFacts(
  entries: readonly IndexEntry[],
  places: readonly { start: number; end: number }[],
): string {
  const bytes = Buffer.alloc(entries.length * RECORD_BYTES)
  for (const [i, { fingerprint, modifiedNs }] of entries.entries()) {
    const at = i * RECORD_BYTES
    fingerprint.copy(bytes, at)
    bytes.writeBigInt64LE(isInRange(modifiedNs) ? modifiedNs : NEVER, at + TIME)
    bytes.writeUInt32LE(places[i]?.start ?? 0, at + START)
    bytes.writeUInt32LE(places[i]?.end ?? 0, at + END)
  }
  return bytes.toString('base64')
}

/** Some file systems have years beyond 2262: such a file is read again at every start. */
const NEVER = -(2n ** 63n)

function isInRange(modifiedNs: bigint): boolean {
  return BigInt.asIntN(64, modifiedNs) === modifiedNs
}
