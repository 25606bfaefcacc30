/** From the first byte up to, and without, the last one. */
export interface Place {
  start: number
  end: number
}

/** Bytes that are put together, and where each part of them will be. */
export interface JoinedParts {
  add: (part: Buffer) => Place
  /** In memory of its own: who sends a part of Node's pool to a thread sends all of it. */
  join: () => Buffer
}

export function createJoinedParts(): JoinedParts {
  const parts: Buffer[] = []
  let length = 0
  return {
    add: (part) => {
      const start = length
      parts.push(part)
      length += part.length
      return { start, end: length }
    },
    join: () => {
      const joined = Buffer.allocUnsafeSlow(length)
      let at = 0
      for (const part of parts) at += part.copy(joined, at)
      return joined
    },
  }
}
