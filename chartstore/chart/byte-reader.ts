import { type Work, wait } from './work.ts'

/** Bytes, piece by piece; undefined at the end. Nothing is taken from where they come from before it is asked for. */
export interface ByteSource {
  next: () => Work<Buffer | undefined>
  /** All that is still to come, where that is here already. Asked first, as it costs less than to wait for nothing. */
  rest?: () => Buffer | undefined
}

/** Only `next` of the iterator is called. */
export function streamOf(iterator: AsyncIterator<Uint8Array>): ByteSource {
  return {
    *next() {
      const { done, value } = yield* wait(iterator.next())
      return done === true ? undefined : Buffer.from(value.buffer, value.byteOffset, value.length)
    },
  }
}

export function wholeOf(bytes: Buffer): ByteSource {
  let whole: Buffer | undefined = bytes
  const rest = () => {
    const taken = whole
    whole = undefined
    return taken
  }
  return {
    // biome-ignore lint/correctness/useYield: there is nothing to wait for
    *next() {
      return rest()
    },
    rest,
  }
}

export function* readAll(source: ByteSource): Work<Buffer> {
  const rest = source.rest?.()
  if (rest !== undefined) return rest
  const pieces: Buffer[] = []
  for (let piece = yield* source.next(); piece !== undefined; piece = yield* source.next()) {
    pieces.push(piece)
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
}

/** Takes exact numbers of bytes off a source. */
export interface ByteReader {
  /** `length` bytes where they are here already. Asked first, as it costs less than to wait for nothing. */
  now: (length: number) => Buffer | undefined
  /** `length` bytes, or fewer where the end comes first. */
  read: (length: number) => Work<Buffer>
  /** What comes next, at most so many bytes; undefined at the end. */
  take: (atMost: number) => Work<Buffer | undefined>
  /** Puts back what was taken last and not used. */
  putBack: (bytes: Buffer) => void
  /** What has come of the source and was not taken. */
  held: () => Buffer
}

export function createByteReader(source: ByteSource): ByteReader {
  let rest = EMPTY

  const held = (): Buffer => {
    if (rest.length === 0) rest = source.rest?.() ?? EMPTY
    return rest
  }

  function* take(atMost: number): Work<Buffer | undefined> {
    while (held().length === 0) {
      const piece = yield* source.next()
      if (piece === undefined) return undefined
      rest = piece
    }
    const taken = rest.subarray(0, atMost)
    rest = rest.subarray(taken.length)
    return taken
  }

  return {
    now: (length) => {
      if (rest.length < length && held().length < length) return undefined
      const taken = rest.subarray(0, length)
      rest = rest.subarray(length)
      return taken
    },
    take,
    *read(length) {
      const parts: Buffer[] = []
      for (let missing = length; missing > 0; ) {
        const part = yield* take(missing)
        if (part === undefined) break
        parts.push(part)
        missing -= part.length
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
    },
    putBack: (bytes) => {
      rest = rest.length === 0 ? bytes : Buffer.concat([bytes, rest])
    },
    held,
  }
}

const EMPTY: Buffer = Buffer.alloc(0)
