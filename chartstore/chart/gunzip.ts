import { crc32 } from 'node:zlib'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { InvalidChart } from './chart-error.ts'
import { inflate } from './inflate.ts'

/** Called with the bytes that went in and came out so far; throws to stop a bomb. */
export type CheckExpansion = (compressedBytes: number, expandedBytes: number) => void

/**
 * Expands a gzip stream (RFC 1952) of one or more members as it is asked for. Only `next` of the source is called.
 *
 * node:zlib's own gunzip loses what it has expanded when something else follows in the same chunk; helm does not look
 * there. Here what came before is given first, then the fault is told.
 *
 * @throws {InvalidChart} with the texts of Go's compress/gzip: `EOF` where there is nothing at all
 */
export async function* gunzip(
  source: AsyncIterator<Uint8Array>,
  check: CheckExpansion,
): AsyncGenerator<Buffer, void, undefined> {
  let compressed = 0
  let expanded = 0
  const bytes = createByteReader({
    next: async () => {
      const { done, value } = await source.next()
      if (done === true) return { done, value: undefined }
      compressed += value.length
      return { value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) }
    },
  })

  if (!(await skipHeader(bytes, 'unexpected EOF'))) throw new InvalidChart('EOF')
  do {
    let checksum = 0
    let length = 0
    for await (const chunk of inflate(bytes)) {
      checksum = crc32(chunk, checksum)
      length += chunk.length
      expanded += chunk.length
      check(compressed, expanded)
      yield chunk
    }
    const trailer = await readExactly(bytes, 8)
    if (trailer.readUInt32LE(0) !== checksum || trailer.readUInt32LE(4) !== length % 2 ** 32) {
      throw new InvalidChart('gzip: invalid checksum')
    }
  } while (await skipHeader(bytes, 'gzip: invalid header'))
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
async function skipHeader(bytes: ByteReader, cut: string): Promise<boolean> {
  const header = await bytes.read(10)
  if (header.length === 0) return false
  if (header.length < 10) throw new InvalidChart(cut)
  const isGzip = header[0] === 0x1f && header[1] === 0x8b && header[2] === 8
  if (!isGzip) throw new InvalidChart('gzip: invalid header')
  const flags = header[3] ?? 0
  if (flags & FLAG_EXTRA) {
    const length = (await readExactly(bytes, 2)).readUInt16LE(0)
    await readExactly(bytes, length)
  }
  if (flags & FLAG_NAME) await skipText(bytes)
  if (flags & FLAG_COMMENT) await skipText(bytes)
  if (flags & FLAG_CHECKSUM) await readExactly(bytes, 2)
  return true
}

async function skipText(bytes: ByteReader): Promise<void> {
  for (let length = 0; length < MAX_TEXT_BYTES; length += 1) {
    const [byte] = await readExactly(bytes, 1)
    if (byte === 0) return
  }
  throw new InvalidChart('gzip: invalid header')
}

async function readExactly(bytes: ByteReader, length: number): Promise<Buffer> {
  const read = await bytes.read(length)
  if (read.length < length) throw new InvalidChart('unexpected EOF')
  return read
}
