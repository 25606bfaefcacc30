import { type ByteSource, createByteReader } from './byte-reader.ts'
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

export interface TarEntries {
  /** @throws {InvalidChart} `unexpected EOF`, `archive/tar: invalid tar header` */
  next: () => Work<TarEntry | undefined>
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
export function readTarEntries(source: ByteSource): TarEntries {
  const bytes = createByteReader(source)
  /** Of the present entry: its bytes, and those that nobody has read. */
  let stored = 0
  let left = 0
  let hasEnded = false

  function* next(): Work<TarEntry | undefined> {
    if (hasEnded || !(skipEntryNow() || (yield* skipEntry()))) return undefined
    let records = new Map<string, string>()
    let longName = ''
    for (;;) {
      const block = bytes.now(BLOCK_BYTES) ?? (yield* readBlock())
      if (block === undefined || isZero(block)) {
        if (block !== undefined) yield* checkEnd()
        hasEnded = true
        return undefined
      }
      const header = parseTarHeader(block)
      const { type } = header
      if (type === 'x') {
        records = parsePaxRecords(yield* readExtension(header.size))
      } else if (type === 'g') {
        parsePaxRecords(yield* readExtension(header.size))
        records = new Map()
        longName = ''
      } else if (type === 'L') {
        longName = parseText(yield* readExtension(header.size))
      } else if (type === 'K') {
        yield* readExtension(header.size)
      } else {
        return openEntry(header, records, longName)
      }
    }
  }

  const openEntry = (
    header: TarHeader,
    records: ReadonlyMap<string, string>,
    longName: string,
  ): TarEntry => {
    const { type } = header
    if (isSparse(type, records)) {
      throw new InvalidChart(`${header.name} is a sparse file: pack the chart with helm package`)
    }
    const overrides = overridesOf(records)
    const { size = header.size } = overrides
    const name = longName || (overrides.name ?? header.name)
    if (!WITHOUT_CONTENT.has(type) && size < 0) throw invalidTar()
    stored = WITHOUT_CONTENT.has(type) ? 0 : size
    left = stored
    const isFolder = isDirectory({ ...header, size, name })
    return {
      ...{ name, size, stored, isDirectory: isFolder },
      content: { next: readContent, rest: readContentNow },
    }
  }

  /** A block of zeros is followed by another one, or by nothing. */
  function* checkEnd(): Work<void> {
    const second = bytes.now(BLOCK_BYTES) ?? (yield* readBlock())
    if (second !== undefined && !isZero(second)) throw invalidTar()
  }

  function* readBlock(): Work<Buffer | undefined> {
    const block = yield* bytes.read(BLOCK_BYTES)
    if (block.length === 0) return undefined
    if (block.length < BLOCK_BYTES) throw new InvalidChart('unexpected EOF')
    return block
  }

  function* readExtension(size: number): Work<Buffer> {
    if (size < 0) throw invalidTar()
    if (size > MAX_EXTENSION_BYTES) {
      throw new InvalidChart('archive/tar: header field too long')
    }
    const body = yield* bytes.read(size)
    if (body.length < size) throw new InvalidChart('unexpected EOF')
    yield* skipPadding(size)
    return body
  }

  function* readContent(): Work<Buffer | undefined> {
    if (left === 0) return undefined
    const chunk = yield* bytes.take(left)
    if (chunk === undefined) throw new InvalidChart('unexpected EOF')
    left -= chunk.length
    return chunk
  }

  const readContentNow = (): Buffer | undefined => {
    const content = bytes.now(left)
    if (content !== undefined) left = 0
    return content
  }

  /** @returns whether all that is left of the present entry was here. */
  const skipEntryNow = (): boolean => bytes.now(left + paddingOf(stored)) !== undefined

  /** @returns whether there may be another: an archive may end without its last padding. */
  function* skipEntry(): Work<boolean> {
    while (left > 0) yield* readContent()
    hasEnded = !(yield* skipPadding(stored))
    return !hasEnded
  }

  function* skipPadding(size: number): Work<boolean> {
    const padding = paddingOf(size)
    return (yield* bytes.read(padding)).length === padding
  }

  return { next }
}

/** Contents fill whole blocks. */
function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES
}

const ZEROS = Buffer.alloc(BLOCK_BYTES)

function isZero(block: Buffer): boolean {
  return block.equals(ZEROS)
}

/** By type, by the mode bits of stat (0o040000), or, in the oldest format, by a trailing slash. */
function isDirectory({ type, mode, name }: TarHeader): boolean {
  const kind = mode & ~0o7777
  return type === '5' || kind === 0o040000 || (type === '\0' && name.endsWith('/'))
}
