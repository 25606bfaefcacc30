import { type Bytes, partsOf } from './bytes.ts'
import { promisify } from './promisify.ts'

/** A stretch of a document as it goes into a gzip member, with what the member's end says of the document. */
export interface MemberPart {
  /** Raw deflate blocks that end at a byte and refer to nothing before them. */
  blocks: readonly Buffer[]
  /** Of the document's bytes: their CRC-32 and how many they are. */
  crc: number
  length: number
  /** What a CRC-32 is multiplied with when so many bytes follow. */
  shift: number
}

/** Loaded by the first stretch: a start has an index to answer first, and what is compressed is made after that. */
const loadZlib = () => process.getBuiltinModule('node:zlib')

/** Compresses a stretch, in libuv's threads. */
export async function compressPart(bytes: Buffer): Promise<MemberPart> {
  const { constants, deflateRaw } = loadZlib()
  const blocks = await promisify(deflateRaw)(bytes, {
    level: 6,
    finishFlush: constants.Z_FULL_FLUSH,
  })
  // a copy: zlib's own buffer is longer than what is in it
  return createPart(bytes, [Buffer.from(blocks)])
}

/** Takes a short stretch as it is: less work than compressing it. */
export function storePart(bytes: Buffer): MemberPart {
  const blocks: Buffer[] = []
  for (let start = 0; start < bytes.length; start += MAX_STORED) {
    const stored = bytes.subarray(start, start + MAX_STORED)
    const head = Buffer.alloc(5)
    head.writeUInt16LE(stored.length, 1)
    head.writeUInt16LE(~stored.length & 0xffff, 3)
    blocks.push(head, stored)
  }
  return createPart(bytes, [Buffer.concat(blocks)])
}

/**
 * One gzip member (RFC 1952) of all stretches: clients such as `curl --compressed` read no second one. Nothing is
 * compressed or summed anew.
 */
export function joinMember(parts: readonly MemberPart[]): Buffer[] {
  let crc = 0
  let length = 0
  for (const part of parts) {
    crc = multiply(part.shift, crc) ^ part.crc
    length += part.length
  }
  const end = Buffer.alloc(END_BYTES)
  LAST_BLOCK.copy(end)
  end.writeUInt32LE(crc >>> 0, LAST_BLOCK.length)
  end.writeUInt32LE(length % 2 ** 32, LAST_BLOCK.length + 4)
  return [HEADER, ...parts.flatMap(({ blocks }) => blocks), end]
}

/** What `joinMember` made, as a part of another member. @returns undefined for what somebody else compressed. */
export function openMember(member: Bytes): MemberPart | undefined {
  const bytes = partsOf(member)
  const end = bytes.at(-1)?.subarray(-END_BYTES)
  const isOurs = bytes[0]?.subarray(0, HEADER.length).equals(HEADER)
  if (!isOurs || !end?.subarray(0, LAST_BLOCK.length).equals(LAST_BLOCK)) return undefined
  const length = end.readUInt32LE(LAST_BLOCK.length + 4)
  const inner = trim(bytes, HEADER.length, END_BYTES)
  return { blocks: inner, crc: end.readUInt32LE(LAST_BLOCK.length), length, shift: shiftBy(length) }
}

function trim(parts: readonly Buffer[], start: number, end: number): Buffer[] {
  const [first, ...others] = parts
  const headless = first === undefined ? [] : [first.subarray(start), ...others]
  const last = headless.at(-1)
  return last === undefined ? [] : [...headless.slice(0, -1), last.subarray(0, -end)]
}

/** Deflate, no name, no time, unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
/** An empty one of fixed codes, marked as the last (RFC 1951 3.2.3). */
const LAST_BLOCK = Buffer.from([3, 0])
/** That block, the CRC-32 and the length. */
const END_BYTES = LAST_BLOCK.length + 8
/** Bytes of a stored block (RFC 1951 3.2.4). */
const MAX_STORED = 0xffff

function createPart(bytes: Buffer, blocks: readonly Buffer[]): MemberPart {
  return {
    blocks,
    crc: loadZlib().crc32(bytes),
    length: bytes.length,
    shift: shiftBy(bytes.length),
  }
}

/*
 * CRC-32 of joined stretches, as zlib's crc32_combine: a CRC is a polynomial over GF(2) modulo this one, its bits
 * reversed, and what follows it multiplies it with x^(8 * bytes).
 */
const POLYNOMIAL = 0xedb88320
const ONE = 0x80000000

/** The product of two polynomials. */
function multiply(a: number, b: number): number {
  let product = 0
  let power = b
  for (let left = a | 0; left !== 0; left <<= 1) {
    // the first bit is the sign
    if (left < 0) product ^= power
    power = (power >>> 1) ^ (POLYNOMIAL & -(power & 1))
  }
  return product
}

/** x^(8 * bytes), by squaring. */
function shiftBy(bytes: number): number {
  let shift = ONE
  let square = ONE >>> 8
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) shift = multiply(square, shift)
    square = multiply(square, square)
  }
  return shift
}
