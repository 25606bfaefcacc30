import { crc32 } from 'node:zlib'
import { ByteReader, type ByteSource } from './byte-reader.ts'
import { InvalidChart } from './chart-error.ts'
import { type Inflation, inflate, inflateAtOnce } from './inflate.ts'
import { finishNow, type Work } from './work.ts'

/** Looks at what an archive expands to. */
export interface ExpansionCheck {
  /** Called with the bytes that went in and came out so far; throws to stop a bomb. */
  checkExpanded: (compressedBytes: number, expandedBytes: number) => void
  /** Whether so many bytes may be expanded in one step, which holds up everybody else. */
  mayExpandAtOnce: (bytes: number) => boolean
}

interface Member {
  /** undefined where it was expanded in one step. */
  stream: Inflation | undefined
  /** What that step gave and nobody has taken. */
  rest: Buffer | undefined
  checksum: number
  length: number
}

/**
 * Expands a gzip stream (RFC 1952) of one or more members as it is asked for.
 *
 * node:zlib's own gunzip loses what it has expanded when something else follows in the same chunk; helm does not look
 * there. Here what came before is given first, then the fault is told.
 *
 * @throws {InvalidChart} with the texts of Go's compress/gzip: `EOF` where there is nothing at all
 */
export class Gunzip implements Inflation {
  readonly #bytes: ByteReader
  readonly #check: ExpansionCheck
  #expanded = 0
  #isFirst = true
  #isOver = false
  #member: Member | undefined

  constructor(source: ByteSource, check: ExpansionCheck) {
    this.#bytes = new ByteReader(source)
    this.#check = check
  }

  *next(): Work<Buffer | undefined> {
    while (!this.#isOver) {
      this.#member ??= yield* this.#openMember()
      const member = this.#member
      if (member === undefined) return undefined
      const { stream, rest } = member
      member.rest = undefined
      const chunk = stream === undefined ? rest : yield* stream.next()
      if (chunk !== undefined) {
        member.checksum = crc32(chunk, member.checksum)
        member.length += chunk.length
        return this.#give(chunk)
      }
      const trailer = yield* readExactly(this.#bytes, 8)
      if (!isTrailer(trailer, member)) throw new InvalidChart('gzip: invalid checksum')
      this.#member = undefined
    }
    return undefined
  }

  /** Of one member, where that is without fault. */
  rest(): Buffer | undefined {
    if (!this.#isFirst || this.#bytes.held().length === 0) return undefined
    this.#member = finishNow(this.#openMember())
    const output = this.#member?.rest
    if (output === undefined) return undefined
    const trailer = this.#bytes.held()
    const { length } = output
    // what is wrong, or follows, is told in its turn
    if (trailer.length !== 8 || !isTrailer(trailer, { checksum: crc32(output), length })) {
      return undefined
    }
    this.#isOver = true
    return this.#give(output)
  }

  close(): void {
    this.#member?.stream?.close()
  }

  *#openMember(): Work<Member | undefined> {
    const cut = this.#isFirst ? 'unexpected EOF' : 'gzip: invalid header'
    const isThere = yield* skipHeader(this.#bytes, cut)
    if (!isThere && this.#isFirst) throw new InvalidChart('EOF')
    this.#isFirst = false
    if (!isThere) return undefined
    const rest = expandAtOnce(this.#bytes, this.#check)
    const stream = rest === undefined ? inflate(this.#bytes) : undefined
    return { stream, rest, checksum: 0, length: 0 }
  }

  #give(chunk: Buffer): Buffer {
    this.#expanded += chunk.length
    this.#check.checkExpanded(this.#bytes.received, this.#expanded)
    return chunk
  }
}

function isTrailer(trailer: Buffer, { checksum, length }: Pick<Member, 'checksum' | 'length'>) {
  return trailer.readUInt32LE(0) === checksum && trailer.readUInt32LE(4) === length % 2 ** 32
}

/**
 * Most packages come in one piece, and are expanded in one step for a fraction of what a stream costs. What is at fault,
 * or is not as small as its trailer says, is left to the stream.
 */
function expandAtOnce(bytes: ByteReader, check: ExpansionCheck): Buffer | undefined {
  const held = bytes.held()
  const length = held.length > 8 ? held.readUInt32LE(held.length - 4) : 0
  if (length === 0 || !check.mayExpandAtOnce(length)) return undefined
  const whole = inflateAtOnce(held, length)
  if (whole === undefined) return undefined
  bytes.now(whole.consumed)
  return whole.output
}

const FLAG_CHECKSUM = 2
const FLAG_EXTRA = 4
const FLAG_NAME = 8
const FLAG_COMMENT = 16

/** Go's limit for a file name or comment. */
const MAX_TEXT_BYTES = 512

/**
 * @param cut what to say where there are too few bytes for a header: behind a member those are as good as any others
 * @returns false at the end of the source
 */
function* skipHeader(bytes: ByteReader, cut: string): Work<boolean> {
  const header = bytes.now(10) ?? (yield* bytes.read(10))
  if (header.length === 0) return false
  if (header.length < 10) throw new InvalidChart(cut)
  const isGzip = header[0] === 0x1f && header[1] === 0x8b && header[2] === 8
  if (!isGzip) throw new InvalidChart('gzip: invalid header')
  const flags = header[3] ?? 0
  if (flags & FLAG_EXTRA) {
    const length = (yield* readExactly(bytes, 2)).readUInt16LE(0)
    yield* readExactly(bytes, length)
  }
  if (flags & FLAG_NAME) yield* skipText(bytes)
  if (flags & FLAG_COMMENT) yield* skipText(bytes)
  if (flags & FLAG_CHECKSUM) yield* readExactly(bytes, 2)
  return true
}

function* skipText(bytes: ByteReader): Work<void> {
  const end = bytes.held().indexOf(0)
  if (end !== -1 && end < MAX_TEXT_BYTES) {
    bytes.now(end + 1)
    return
  }
  for (let length = 0; length < MAX_TEXT_BYTES; length += 1) {
    const [byte] = yield* readExactly(bytes, 1)
    if (byte === 0) return
  }
  throw new InvalidChart('gzip: invalid header')
}

function* readExactly(bytes: ByteReader, length: number): Work<Buffer> {
  const read = bytes.now(length) ?? (yield* bytes.read(length))
  if (read.length < length) throw new InvalidChart('unexpected EOF')
  return read
}
