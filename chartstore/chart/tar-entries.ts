import { ByteReader, type ByteSource } from './byte-reader.ts'
import { InvalidChart } from './chart-error.ts'
import { isSparse, overridesOf, parsePaxRecords } from './tar-extension.ts'
import { BLOCK_BYTES, invalidTar, parseTarHeader, parseText, type TarHeader } from './tar-header.ts'
import type { Work } from './work.ts'

export interface TarEntry {
  name: string
  size: number
  /** Bytes of content that follow; fewer than `size` where a link states a size. */
  stored: number
  isDirectory: boolean
  /** The content, once. What is left of it is skipped when the next entry is asked for. */
  content: ByteSource
}

/** Go's maxSpecialFileSize, for extended headers and long names. */
const MAX_EXTENSION_BYTES = 1024 * 1024
/** Hard links, symbolic links, devices, directories and fifos have no content, whatever size they state. */
const WITHOUT_CONTENT = new Set(['1', '2', '3', '4', '5', '6'])

/**
 * The entries of a tar, one at a time, as Go's archive/tar gives them to helm: npm's tar reads some headers differently
 * (it lays global headers over entries, for one), and what we check must be what helm opens. Global headers are
 * skipped, links are files without content. Ends at two blocks of zeros, or with the source.
 */
export class TarEntries {
  readonly #bytes: ByteReader
  readonly #content: ByteSource = {
    next: () => this.#readContent(),
    rest: () => this.#contentNow(),
  }
  /** Of the present entry: its bytes, and those that nobody has read. */
  #stored = 0
  #left = 0
  #hasEnded = false

  constructor(source: ByteSource) {
    this.#bytes = new ByteReader(source)
  }

  /** @throws {InvalidChart} `unexpected EOF`, `archive/tar: invalid tar header` */
  *next(): Work<TarEntry | undefined> {
    if (this.#hasEnded || !(this.#skipEntryNow() || (yield* this.#skipEntry()))) return undefined
    let records = NO_RECORDS
    let longName = ''
    for (;;) {
      const block = this.#bytes.now(BLOCK_BYTES) ?? (yield* this.#readBlock())
      if (block === undefined || isZero(block)) {
        if (block !== undefined) yield* this.#checkEnd()
        this.#hasEnded = true
        return undefined
      }
      const header = parseTarHeader(block)
      const { type } = header
      if (type === 'x') {
        records = parsePaxRecords(yield* this.#readExtension(header.size))
      } else if (type === 'g') {
        parsePaxRecords(yield* this.#readExtension(header.size))
        records = NO_RECORDS
        longName = ''
      } else if (type === 'L') {
        longName = parseText(yield* this.#readExtension(header.size))
      } else if (type === 'K') {
        yield* this.#readExtension(header.size)
      } else {
        return this.#openEntry(header, records, longName)
      }
    }
  }

  #openEntry(header: TarHeader, records: ReadonlyMap<string, string>, longName: string): TarEntry {
    const { type } = header
    if (isSparse(type, records)) {
      throw new InvalidChart(`${header.name} is a sparse file: pack the chart with helm package`)
    }
    const overrides = overridesOf(records)
    const { size = header.size } = overrides
    const name = longName || (overrides.name ?? header.name)
    if (!WITHOUT_CONTENT.has(type) && size < 0) throw invalidTar()
    this.#stored = WITHOUT_CONTENT.has(type) ? 0 : size
    this.#left = this.#stored
    const isFolder = isDirectory(type, header.mode, name)
    return { name, size, stored: this.#stored, isDirectory: isFolder, content: this.#content }
  }

  /** A block of zeros is followed by another one, or by nothing. */
  *#checkEnd(): Work<void> {
    const second = this.#bytes.now(BLOCK_BYTES) ?? (yield* this.#readBlock())
    if (second !== undefined && !isZero(second)) throw invalidTar()
  }

  *#readBlock(): Work<Buffer | undefined> {
    const block = yield* this.#bytes.read(BLOCK_BYTES)
    if (block.length === 0) return undefined
    if (block.length < BLOCK_BYTES) throw new InvalidChart('unexpected EOF')
    return block
  }

  *#readExtension(size: number): Work<Buffer> {
    if (size < 0) throw invalidTar()
    if (size > MAX_EXTENSION_BYTES) {
      throw new InvalidChart('archive/tar: header field too long')
    }
    const body = yield* this.#bytes.read(size)
    if (body.length < size) throw new InvalidChart('unexpected EOF')
    yield* this.#skipPadding(size)
    return body
  }

  *#readContent(): Work<Buffer | undefined> {
    if (this.#left === 0) return undefined
    const chunk = yield* this.#bytes.take(this.#left)
    if (chunk === undefined) throw new InvalidChart('unexpected EOF')
    this.#left -= chunk.length
    return chunk
  }

  #contentNow(): Buffer | undefined {
    const content = this.#bytes.now(this.#left)
    if (content !== undefined) this.#left = 0
    return content
  }

  /** @returns whether all that is left of the present entry was here. */
  #skipEntryNow(): boolean {
    return this.#bytes.now(this.#left + paddingOf(this.#stored)) !== undefined
  }

  /** @returns whether there may be another: an archive may end without its last padding. */
  *#skipEntry(): Work<boolean> {
    while (this.#left > 0) yield* this.#readContent()
    this.#hasEnded = !(yield* this.#skipPadding(this.#stored))
    return !this.#hasEnded
  }

  *#skipPadding(size: number): Work<boolean> {
    const padding = paddingOf(size)
    return (yield* this.#bytes.read(padding)).length === padding
  }
}

const NO_RECORDS: ReadonlyMap<string, string> = new Map()

/** Contents fill whole blocks. */
function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES
}

const ZEROS = Buffer.alloc(BLOCK_BYTES)

function isZero(block: Buffer): boolean {
  return block.equals(ZEROS)
}

/** By type, by the mode bits of stat (0o040000), or, in the oldest format, by a trailing slash. */
function isDirectory(type: string, mode: number, name: string): boolean {
  const kind = mode & ~0o7777
  return type === '5' || kind === 0o040000 || (type === '\0' && name.endsWith('/'))
}
