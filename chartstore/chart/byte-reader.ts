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

/**
 * A source that is in memory. A class, as all here that is made for each package and has generators: V8 makes a hidden class for each
 * generator that is a closure, and keeps it until a full collection.
 */
export class WholeSource implements ByteSource {
  #whole: Buffer | undefined

  constructor(bytes: Buffer) {
    this.#whole = bytes
  }

  rest(): Buffer | undefined {
    const whole = this.#whole
    this.#whole = undefined
    return whole
  }

  // biome-ignore lint/correctness/useYield: there is nothing to wait for
  *next(): Work<Buffer | undefined> {
    return this.rest()
  }
}

export function* readAll(source: ByteSource): Work<Buffer> {
  const rest = source.rest?.()
  if (rest !== undefined) return rest
  const pieces: Buffer[] = []
  for (let piece = yield* source.next(); piece !== undefined; piece = yield* source.next()) {
    pieces.push(piece)
  }
  return join(pieces)
}

function join(pieces: Buffer[]): Buffer {
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
}

const NOTHING: Buffer = Buffer.alloc(0)

/** Takes exact numbers of bytes off a source. */
export class ByteReader {
  readonly #source: ByteSource
  #held = NOTHING
  #received = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** How much has come of the source. */
  get received(): number {
    return this.#received
  }

  /** What has come of the source and was not taken. */
  held(): Buffer {
    if (this.#held.length === 0) this.#receive(this.#source.rest?.())
    return this.#held
  }

  /** `length` bytes where they are here already. Asked first, as it costs less than to wait for nothing. */
  now(length: number): Buffer | undefined {
    const held = this.held()
    if (held.length < length) return undefined
    this.#held = held.subarray(length)
    return held.subarray(0, length)
  }

  /** `length` bytes, or fewer where the end comes first. */
  *read(length: number): Work<Buffer> {
    const parts: Buffer[] = []
    for (let missing = length; missing > 0; ) {
      const part = yield* this.take(missing)
      if (part === undefined) break
      parts.push(part)
      missing -= part.length
    }
    return join(parts)
  }

  /** What comes next, at most so many bytes; undefined at the end. */
  *take(atMost: number): Work<Buffer | undefined> {
    while (this.held().length === 0) {
      const piece = yield* this.#source.next()
      if (piece === undefined) return undefined
      this.#receive(piece)
    }
    const taken = this.#held.subarray(0, atMost)
    this.#held = this.#held.subarray(taken.length)
    return taken
  }

  /** Puts back what was taken last and not used. */
  putBack(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([bytes, this.#held])
  }

  #receive(piece: Buffer | undefined): void {
    if (piece === undefined) return
    this.#held = piece
    this.#received += piece.length
  }
}
