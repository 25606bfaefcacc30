import { Readable } from 'node:stream'
import { unavailable } from './unavailable.ts'

/**
 * The body of an answer as a stream that ends in a StorageError where the server falls silent or is cut off.
 * Only the server is timed: a client that reads slowly may take as long as it likes.
 */
export function toFileStream(body: Readable | Promise<Readable>, patienceMs: number): Readable {
  const opened = Promise.resolve(body)
  // Told to the reader, who may come later.
  opened.catch(() => undefined)
  const stream = Readable.from(readPieces(opened, patienceMs), { objectMode: false })
  const letGo = () => opened.then((source) => source.destroy()).catch(() => undefined)
  stream.once('close', letGo)
  return stream
}

async function* readPieces(opened: Promise<Readable>, patienceMs: number) {
  const body = await opened
  const pieces: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]()
  for (;;) {
    const piece = await nextPiece(pieces, body, patienceMs).catch((error: unknown) => {
      throw unavailable(error)
    })
    if (piece.done === true) return
    yield piece.value
  }
}

async function nextPiece(pieces: AsyncIterator<Uint8Array>, body: Readable, patienceMs: number) {
  const silence = setTimeout(() => body.destroy(new Error('the server fell silent')), patienceMs)
  try {
    return await pieces.next()
  } finally {
    clearTimeout(silence)
  }
}

/** The body of an answer, which is a stream of Node's wherever the SDK runs on Node. */
export function requireReadable(body: unknown): Readable {
  if (!(body instanceof Readable)) throw new TypeError('an answer without a body')
  // Whoever reads it gets the error; until then it must not end the process.
  return body.on('error', () => undefined)
}

/** All bytes of a stream. @throws {StorageError} where there are not as many as announced. */
export async function readWhole(stream: Readable, size: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  if (bytes.length === size) return bytes
  throw unavailable(new Error(`${bytes.length} bytes arrived of ${size}`))
}
