import { createInflateRaw, type InflateRaw, inflateRawSync } from 'node:zlib'
import type { ByteReader, ByteSource } from './byte-reader.ts'
import { InvalidChart } from './chart-error.ts'
import { type Work, wait } from './work.ts'

/** What comes out. To be closed, whatever happened. */
export interface Inflation extends ByteSource {
  close: () => void
}

const CHUNK_BYTES = 64 * 1024

/**
 * Expands one deflate stream as it is asked for, and leaves what follows it in the reader. Nothing is read ahead.
 * @throws {InvalidChart} with the texts of Go's compress/flate
 */
export function inflate(bytes: ByteReader): Inflation {
  const stream = createInflateRaw({ chunkSize: CHUNK_BYTES })
  const events = watch(stream)
  let given: Buffer = Buffer.alloc(0)
  let usedBefore = 0
  /** Seen by what it leaves of a chunk; where it leaves nothing the stream says so. */
  let isOver = false

  function* give(): Work<void> {
    const chunk = yield* bytes.take(CHUNK_BYTES)
    given = chunk ?? Buffer.alloc(0)
    usedBefore = stream.bytesWritten
    events.write(chunk)
  }

  return {
    *next() {
      for (;;) {
        const woken = events.woken()
        const output: Buffer | null = stream.read()
        if (output !== null) return output
        const failure = events.failure()
        if (failure !== undefined) throw translate(failure)
        if (isOver) return undefined
        if (events.isBusy()) {
          yield* wait(woken)
          continue
        }
        const unused = given.subarray(stream.bytesWritten - usedBefore)
        isOver = unused.length > 0 || events.hasEnded()
        if (isOver) bytes.putBack(unused)
        else yield* give()
      }
    },
    close: () => stream.destroy(),
  }
}

/** The stream's events as something that can be waited for, one after the other. */
function watch(stream: InflateRaw) {
  let wake = Promise.withResolvers<void>()
  let failure: Error | undefined
  let isBusy = false
  let hasEnded = false
  const notify = () => {
    wake.resolve()
    wake = Promise.withResolvers<void>()
  }
  stream.on('readable', notify)
  stream.on('error', (error) => {
    failure = error
    notify()
  })
  stream.on('end', () => {
    hasEnded = true
    notify()
  })

  return {
    /** Resolves at the next event. */
    woken: () => wake.promise,
    failure: () => failure,
    hasEnded: () => hasEnded,
    /** Whether something that was written has not been looked at. */
    isBusy: () => isBusy && !hasEnded,
    /** Writes a chunk, or the end. */
    write: (chunk: Buffer | undefined) => {
      isBusy = true
      if (chunk === undefined) {
        stream.end()
        return
      }
      stream.write(chunk, () => {
        isBusy = false
        notify()
      })
    },
  }
}

/**
 * The same in one step, for what is in memory and small when expanded: undefined where it is not.
 * @returns what it expands to, and how many bytes that was.
 */
export function inflateAtOnce(
  bytes: Buffer,
  atMost: number,
): { output: Buffer; consumed: number } | undefined {
  try {
    const options = { chunkSize: Math.max(64, atMost + 1), maxOutputLength: atMost, info: true }
    const { buffer, engine } = inflateRawSync(bytes, options) as unknown as InflateInfo
    // V8 keeps the engine until a full collection, and with it all that it has expanded: that alone would bring many on
    engine._outBuffer = undefined
    return { output: buffer, consumed: engine.bytesWritten }
  } catch {
    return undefined
  }
}

/** What `info` adds (node:zlib's documentation). */
interface InflateInfo {
  buffer: Buffer
  engine: InflateRaw & { _outBuffer?: Buffer | undefined }
}

function translate(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'Z_BUF_ERROR') return new InvalidChart('unexpected EOF', { cause: error })
  if (error.code !== 'Z_DATA_ERROR') return error
  return new InvalidChart(`flate: corrupt input (${error.message})`, { cause: error })
}
