import { coalesce } from '../../service/coalesce.ts'

/** A project holds as many files as it may. */
export class LimitReached extends Error {
  override name = 'LimitReached'

  constructor() {
    super('repo has reached storage limit')
  }
}

/** Keeps a project within its number of files, provenance and index-cache.yaml included. */
export interface ObjectLimit {
  /**
   * Makes room for these files, of which some may be there already. To be told when they are written, or are not.
   * @throws {LimitReached}
   */
  reserve: (fileNames: readonly string[]) => Promise<() => void>
  /** Another store has written these. */
  note: (fileNames: readonly string[]) => void
}

/** Names are listed anew after this long: others write too. */
const FRESH_MS = 30_000

/** @param limit 0: none, and nothing is ever listed. */
export function createObjectLimit(
  limit: number,
  listNames: () => Promise<readonly string[]>,
): ObjectLimit {
  const reserved = new Map<string, number>()
  let names = new Set<string>()
  /** Written, perhaps, since the last listing began: it may not know them. */
  const settled = new Set<string>()
  let listedAt = Number.NEGATIVE_INFINITY

  const list = coalesce(async () => {
    settled.clear()
    const listed = await listNames()
    names = new Set([...listed, ...settled])
    listedAt = performance.now()
  })

  const findNew = (fileNames: readonly string[]) =>
    fileNames.filter((name) => !names.has(name) && !reserved.has(name))

  const isTooMuch = (fileNames: readonly string[]) => {
    const added = findNew(fileNames).length
    const waiting = [...reserved.keys()].filter((name) => !names.has(name)).length
    return added > 0 && names.size + waiting + added > limit
  }

  /** Counted until the next listing, which knows what became of them. */
  const count = (name: string) => {
    names.add(name)
    settled.add(name)
  }

  return {
    note: (fileNames) => {
      if (limit > 0) for (const name of fileNames) count(name)
    },
    reserve: async (fileNames) => {
      if (limit === 0) return () => undefined
      if (performance.now() - listedAt > FRESH_MS) await list()
      // Nobody is refused by what was so a while ago.
      if (isTooMuch(fileNames)) await list()
      if (isTooMuch(fileNames)) throw new LimitReached()
      for (const name of fileNames) reserved.set(name, (reserved.get(name) ?? 0) + 1)
      return () => {
        for (const name of fileNames) {
          count(name)
          const left = (reserved.get(name) ?? 1) - 1
          if (left > 0) reserved.set(name, left)
          else reserved.delete(name)
        }
      }
    },
  }
}
