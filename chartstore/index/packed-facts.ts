import type { IndexEntry } from './entry.ts'
import type { Place } from './joined-parts.ts'

/** What is known of packed entries without reading them, by their place. */
export interface EntryFacts {
  fingerprint: (at: number) => Buffer
  modifiedNs: (at: number) => bigint
  /** Where its YAML begins and ends. */
  start: (at: number) => number
  end: (at: number) => number
}

/** Of one entry: its fingerprint, the time of its file, where it begins and where it ends. */
const RECORD_BYTES = 36
const TIME = 16
/** Some file systems have years that 64 bits have no room for. */
const TIME_BEYOND = 24
const START = 28
const END = 32

/** As `writeEntryFacts` made it. */
export function readEntryFacts(bytes: Buffer): EntryFacts {
  // a Buffer makes four numbers of each time that it reads
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    fingerprint: (at) => bytes.subarray(at * RECORD_BYTES, at * RECORD_BYTES + TIME),
    modifiedNs: (at) => {
      const time = view.getBigUint64(at * RECORD_BYTES + TIME, true)
      const beyond = bytes.readInt32LE(at * RECORD_BYTES + TIME_BEYOND)
      return beyond === 0 ? time : (BigInt(beyond) << 64n) + time
    },
    start: (at) => bytes.readUInt32LE(at * RECORD_BYTES + START),
    end: (at) => bytes.readUInt32LE(at * RECORD_BYTES + END),
  }
}

/** @param places where the YAML of each begins and ends. */
export function writeEntryFacts(entries: readonly IndexEntry[], places: readonly Place[]): Buffer {
  // not of Node's pool: a thread would be sent all of that
  const bytes = Buffer.alloc(entries.length * RECORD_BYTES)
  for (const [i, { fingerprint, modifiedNs }] of entries.entries()) {
    const at = i * RECORD_BYTES
    fingerprint.copy(bytes, at)
    bytes.writeBigUInt64LE(BigInt.asUintN(64, modifiedNs), at + TIME)
    bytes.writeInt32LE(Number(modifiedNs >> 64n), at + TIME_BEYOND)
    bytes.writeUInt32LE(places[i]?.start ?? 0, at + START)
    bytes.writeUInt32LE(places[i]?.end ?? 0, at + END)
  }
  return bytes
}
