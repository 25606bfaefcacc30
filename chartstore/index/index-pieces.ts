import { type IndexPiece, type PieceForm, type PieceStart, writePiece } from './index-piece.ts'
import type { Segments } from './segments.ts'

/** What the segments of an index are in each form, each written once. */
export interface IndexPieces {
  all: (form: PieceForm) => IndexPiece[]
  /** Writes what is not written yet, for about so long at most. @returns whether that was all. */
  writeFor: (form: PieceForm, ms: number) => boolean
  /** `[{…},{…}]` of a chart that is there. */
  versionsJson: (name: string) => Buffer[]
}

export function createIndexPieces(segments: Segments, project: string): IndexPieces {
  const pieceAt = (index: number, form: PieceForm): IndexPiece | undefined => {
    const segment = segments.all()[index]
    if (segment === undefined) return undefined
    const start = startAt(index)
    const known = segment.pieces[form]
    if (known?.start === start) return known
    const piece = writePiece(segment, form, start, project)
    segment.pieces[form] = piece
    return piece
  }

  const startAt = (index: number): PieceStart => {
    if (index === 0) return 'first'
    const before = segments.all()[index - 1]?.entries.at(-1)
    return before?.name === segments.all()[index]?.entries[0]?.name ? 'within' : 'chart'
  }

  return {
    all: (form) => segments.all().flatMap((_, index) => pieceAt(index, form) ?? []),
    writeFor: (form, ms) => {
      const deadline = performance.now() + ms
      for (const [index, segment] of segments.all().entries()) {
        if (segment.pieces[form] !== undefined) continue
        if (performance.now() > deadline) return false
        pieceAt(index, form)
      }
      return true
    },
    versionsJson: (name) => {
      const parts: Buffer[] = [OPEN]
      for (let index = segments.firstOf(name); ; index++) {
        const piece = pieceAt(index, 'json')
        const place = piece?.charts.findIndex((chart) => chart.name === name) ?? -1
        // not where the chart has begun, and not where it goes on
        if (piece === undefined || (place === -1 && parts.length === 1)) break
        const end = piece.charts[place + 1]?.at
        parts.push(piece.bytes.subarray(piece.charts[place]?.versions ?? 0, end))
        if (end !== undefined) break
      }
      return [...parts, CLOSE]
    },
  }
}

const OPEN = Buffer.from('[')
const CLOSE = Buffer.from(']')
