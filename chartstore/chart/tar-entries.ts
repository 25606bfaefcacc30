import { createByteReader } from './byte-reader.ts'
import { InvalidChart } from './chart-error.ts'
import { isSparse, overridesOf, parsePaxRecords } from './tar-extension.ts'
import { BLOCK_BYTES, invalidTar, parseTarHeader, parseText, type TarHeader } from './tar-header.ts'

export interface TarEntry {
  name: string
  size: number
  /** Bytes of content that follow; fewer than `size` where a link states a size. */
  stored: number
  isDirectory: boolean
  /** The content, once. What is left of it is skipped when the next entry is asked for. */
  content: AsyncGenerator<Buffer, void, undefined>
}

/** Go's maxSpecialFileSize, for extended headers and long names. */
const MAX_EXTENSION_BYTES = 1024 * 1024
/** Hard links, symbolic links, devices, directories and fifos have no content, whatever size they state. */
const WITHOUT_CONTENT = new Set(['1', '2', '3', '4', '5', '6'])

/**
 * The entries of a tar, one at a time, as Go's archive/tar gives them to helm: npm's tar reads some headers differently
 * (it lays global headers over entries, for one), and what we check must be what helm opens. Global headers are
 * skipped, links are files without content. Ends at two blocks of zeros, or with the source.
 *
 * @throws {InvalidChart} `unexpected EOF`, `archive/tar: invalid tar header`
 */
export async function* readTarEntries(
  source: AsyncIterator<Buffer>,
): AsyncGenerator<TarEntry, void, undefined> {
  const bytes = createByteReader(source)
  let records = new Map<string, string>()
  let longName = ''
  /** Bytes of the present entry that nobody has read. */
  let left = 0

  for (let header = await readHeader(); header !== undefined; header = await readHeader()) {
    const { type } = header
    if (type === 'x') {
      records = parsePaxRecords(await readExtension(header.size))
    } else if (type === 'g') {
      parsePaxRecords(await readExtension(header.size))
      records = new Map()
      longName = ''
    } else if (type === 'L') {
      longName = parseText(await readExtension(header.size))
    } else if (type === 'K') {
      await readExtension(header.size)
    } else {
      if (isSparse(type, records)) {
        throw new InvalidChart(`${header.name} is a sparse file: pack the chart with helm package`)
      }
      const { name = header.name, size = header.size } = overridesOf(records)
      const entry = { ...header, size, name: longName || name }
      if (!WITHOUT_CONTENT.has(type) && size < 0) throw invalidTar()
      const stored = WITHOUT_CONTENT.has(type) ? 0 : size
      left = stored
      yield {
        name: entry.name,
        size,
        stored,
        isDirectory: isDirectory(entry),
        content: readContent(),
      }
      for await (const _ of readContent()) {
        // what the consumer left
      }
      if (!(await skipPadding(stored))) return
      records = new Map()
      longName = ''
    }
  }

  async function readHeader(): Promise<TarHeader | undefined> {
    const block = await readBlock()
    if (block === undefined) return undefined
    if (!isZero(block)) return parseTarHeader(block)
    const second = await readBlock()
    if (second !== undefined && !isZero(second)) throw invalidTar()
    return undefined
  }

  async function readBlock(): Promise<Buffer | undefined> {
    const block = await bytes.read(BLOCK_BYTES)
    if (block.length === 0) return undefined
    if (block.length < BLOCK_BYTES) throw new InvalidChart('unexpected EOF')
    return block
  }

  async function readExtension(size: number): Promise<Buffer> {
    if (size < 0) throw invalidTar()
    if (size > MAX_EXTENSION_BYTES) {
      throw new InvalidChart('archive/tar: header field too long')
    }
    const body = await bytes.read(size)
    if (body.length < size) throw new InvalidChart('unexpected EOF')
    await skipPadding(size)
    return body
  }

  async function* readContent(): AsyncGenerator<Buffer, void, undefined> {
    while (left > 0) {
      const chunk = await bytes.take(left)
      if (chunk === undefined) throw new InvalidChart('unexpected EOF')
      left -= chunk.length
      yield chunk
    }
  }

  /** Whether there is more: an archive may end without its last padding. */
  async function skipPadding(size: number): Promise<boolean> {
    const padding = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES
    return (await bytes.read(padding)).length === padding
  }
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0)
}

/** By type, by the mode bits of stat (0o040000), or, in the oldest format, by a trailing slash. */
function isDirectory({ type, mode, name }: TarHeader): boolean {
  const kind = mode & ~0o7777
  return type === '5' || kind === 0o040000 || (type === '\0' && name.endsWith('/'))
}
