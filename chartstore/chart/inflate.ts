import { createInflateRaw, type InflateRaw } from 'node:zlib'
import type { ByteReader } from './byte-reader.ts'
import { InvalidChart } from './chart-error.ts'

const CHUNK_BYTES = 64 * 1024

/**
 * Expands one deflate stream as it is asked for, and leaves what follows it in the reader. Nothing is read ahead.
 * @throws {InvalidChart} with the texts of Go's compress/flate
 */
export async function* inflate(bytes: ByteReader): AsyncGenerator<Buffer, void, undefined> {
  const stream = createInflateRaw({ chunkSize: CHUNK_BYTES })
  const events = watch(stream)
  try {
    while (!events.hasEnded()) {
      const chunk = await bytes.take(CHUNK_BYTES)
      const before = stream.bytesWritten
      yield* events.outputOf(chunk)
      if (chunk !== undefined) bytes.putBack(chunk.subarray(stream.bytesWritten - before))
    }
  } catch (error) {
    throw translate(error)
  } finally {
    stream.destroy()
  }
}

/** The stream's events as something that can be waited for, one after the other. */
function watch(stream: InflateRaw) {
  let wake = Promise.withResolvers<void>()
  let failure: Error | undefined
  let ended = false
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
    ended = true
    notify()
  })

  return {
    hasEnded: () => ended,
    /** Writes a chunk, or the end, and gives all that comes out of it. */
    outputOf: async function* (chunk: Buffer | undefined) {
      let isConsumed = false
      if (chunk === undefined) stream.end()
      else {
        stream.write(chunk, () => {
          isConsumed = true
          notify()
        })
      }
      for (;;) {
        const woken = wake.promise
        const output: Buffer | null = stream.read()
        if (output !== null) yield output
        else if (failure !== undefined) throw failure
        else if (isConsumed || ended) return
        else await woken
      }
    },
  }
}

function translate(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'Z_BUF_ERROR') return new InvalidChart('unexpected EOF', { cause: error })
  if (error.code !== 'Z_DATA_ERROR') return error
  return new InvalidChart(`flate: corrupt input (${error.message})`, { cause: error })
}
