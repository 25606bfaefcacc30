/** What a project may hold; Infinity where there is no limit. */
export interface Quota {
  /** Of packages and provenance together. */
  bytes: number
  /** Of all charts together. */
  versions: number
}

/** In Harbor's words, and what to do about it. */
export class QuotaExceeded extends Error {
  override name = 'QuotaExceeded'

  constructor(excesses: readonly string[]) {
    super(
      `Quota exceeded when processing the request of ${excesses.join('; ')}. ` +
        'Delete versions that are not needed, or ask a system admin for a higher quota.',
    )
  }
}

/** The room in a project: what is there, and what is on its way in. */
export interface Room {
  /**
   * Takes what an upload adds. What it was taken for must be counted as used in the same step in which it is given back,
   * so that in between nobody finds more room than there is, or less.
   * @param added less than nothing where a smaller file takes the place of a larger one: that is allowed always.
   * @throws {QuotaExceeded} where it does not fit beside all others.
   */
  take: (added: Quota, quota: Quota) => GiveBack
}

/** May be called more than once. */
export type GiveBack = () => void

export function createRoom(used: () => Quota): Room {
  const taken: Quota = { bytes: 0, versions: 0 }

  return {
    take: (added, quota) => {
      const { bytes, versions } = used()
      const excesses = [
        describeExcess('storage', added.bytes, bytes + taken.bytes, quota.bytes, ' bytes'),
        describeExcess('count', added.versions, versions + taken.versions, quota.versions),
      ].filter((excess) => excess !== undefined)
      if (excesses.length > 0) throw new QuotaExceeded(excesses)
      // room that a replacement will free is not there before it is done
      const own = { bytes: Math.max(added.bytes, 0), versions: Math.max(added.versions, 0) }
      taken.bytes += own.bytes
      taken.versions += own.versions
      return () => {
        taken.bytes -= own.bytes
        taken.versions -= own.versions
        own.bytes = 0
        own.versions = 0
      }
    },
  }
}

function describeExcess(
  resource: string,
  added: number,
  current: number,
  limit: number,
  unit = '',
): string | undefined {
  if (added <= 0 || current + added <= limit) return undefined
  return (
    `adding ${added}${unit} of ${resource} resource, which when updated to current usage of ` +
    `${current}${unit} will exceed the configured upper limit of ${limit}${unit}`
  )
}
