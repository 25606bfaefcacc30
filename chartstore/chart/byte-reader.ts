/** Takes exact numbers of bytes off a sequence of chunks. Only `next` of the sequence is called, when bytes are wanted. */
export interface ByteReader {
  /** `length` bytes, or fewer where the end comes first. */
  read: (length: number) => Promise<Buffer>
  /** What comes next, at most so many bytes; undefined at the end. */
  take: (atMost: number) => Promise<Buffer | undefined>
  /** Puts back what was taken last and not used. */
  putBack: (bytes: Buffer) => void
}

export function createByteReader(source: AsyncIterator<Buffer>): ByteReader {
  let rest: Buffer = Buffer.alloc(0)

  const take = async (atMost: number): Promise<Buffer | undefined> => {
    while (rest.length === 0) {
      const { done, value } = await source.next()
      if (done === true) return undefined
      rest = value
    }
    const taken = rest.subarray(0, atMost)
    rest = rest.subarray(taken.length)
    return taken
  }

  return {
    take,
    read: async (length) => {
      const parts: Buffer[] = []
      for (let missing = length; missing > 0; ) {
        const part = await take(missing)
        if (part === undefined) break
        parts.push(part)
        missing -= part.length
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
    },
    putBack: (bytes) => {
      rest = rest.length === 0 ? bytes : Buffer.concat([bytes, rest])
    },
  }
}
