/** What one file may be after several have changed it at once: the digest of a package, or gone. */
export type Outcome = string

export const GONE: Outcome = 'gone'

/** A change that was asked for, by the clock of this process. */
interface Operation {
  outcome: Outcome
  start: number
  /** Infinity where nobody can tell whether it happened, and when. */
  end: number
}

export interface PendingOperation {
  succeeded: () => void
  /** It did not happen, for sure. */
  refused: () => void
  unknown: () => void
}

/** Keeps account of changes, and tells what may have come of them. */
export interface ChartModel {
  begin: (fileName: string, outcome: Outcome) => PendingOperation
  /** Every file that was ever asked to change. */
  fileNames: () => string[]
  /** Any change may be the last one that no other follows: one that was begun after its answer, and succeeded. */
  possible: (fileName: string) => ReadonlySet<Outcome>
  /** Whether such a package was ever sent. */
  wasSent: (fileName: string, outcome: Outcome) => boolean
}

export function createChartModel(): ChartModel {
  const operations = new Map<string, Operation[]>()
  const sent = new Map<string, Set<Outcome>>()
  const of = (fileName: string) => {
    const known = operations.get(fileName)
    if (known !== undefined) return known
    const first = [{ outcome: GONE, start: -1, end: -1 }]
    operations.set(fileName, first)
    return first
  }

  return {
    begin: (fileName, outcome) => {
      of(fileName)
      sent.set(fileName, (sent.get(fileName) ?? new Set()).add(outcome))
      const start = performance.now()
      const add = (end: number) => of(fileName).push({ outcome, start, end })
      return {
        succeeded: () => {
          const later = of(fileName).filter(({ end }) => end >= start)
          operations.set(fileName, later)
          add(performance.now())
        },
        refused: () => undefined,
        unknown: () => void add(Number.POSITIVE_INFINITY),
      }
    },
    fileNames: () => [...operations.keys()],
    possible: (fileName) => new Set(of(fileName).map(({ outcome }) => outcome)),
    wasSent: (fileName, outcome) => sent.get(fileName)?.has(outcome) ?? false,
  }
}
