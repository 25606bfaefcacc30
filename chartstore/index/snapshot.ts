import { createHash } from 'node:crypto'
import { type Bytes, joinShort } from '../../service/bytes.ts'
import { joinMember, type MemberPart, storePart } from '../../service/gzip-member.ts'
import { quote } from '../chart/quoted-text.ts'
import type { IndexDocument } from './document.ts'
import type { IndexPiece } from './index-piece.ts'
import { toGoJson } from './serialise.ts'

/**
 * The index that helm reads, as YAML or JSON, and the list of all charts: with all versions, or the highest alone. Nested:
 * the members of `entries` that the index has in one over several projects. Summaries: Harbor's list of the charts.
 */
export type SnapshotForm = 'yaml' | 'json' | 'list' | 'latest' | 'nested' | 'summaries'

/** The index at one moment, in one form. Its bytes never change: all who read them share them. */
export interface IndexSnapshot {
  /** The revision of the document that it shows. */
  revision: number
  /** The strong ETag, with quotes. */
  etag: string
  /** RFC 3339, the time of the last change before it. */
  generated: string
  bytes: () => Bytes
  /**
   * The same compressed, at once or in a few milliseconds. undefined where it would take longer: then it is made meanwhile,
   * off the request path, of what is not compressed yet.
   */
  gzip: () => Bytes | Promise<Bytes> | undefined
}

/** What stands around the entries. */
export interface SnapshotFrame {
  /** RFC 3339, the time of the last change. */
  generated: string
  /** What cm-push is told of; empty: nothing. */
  contextPath: string
}

/** Compressed sooner than sent uncompressed. */
const SOON_BYTES = 512 * 1024

export function createSnapshot(
  document: IndexDocument,
  form: SnapshotForm,
  frame: SnapshotFrame,
): IndexSnapshot {
  const pieces = document.pieces(form === 'list' ? 'json' : form)
  const { head, tail } = writeFrame(form, pieces.length === 0, frame)
  let whole: Bytes | undefined
  let zipped: Bytes | undefined
  let zipping: Promise<Bytes> | undefined

  const zip = async () => {
    const parts: MemberPart[] = []
    for (const piece of pieces) parts.push(piece.compressed() ?? (await piece.compress()))
    zipped = joinShort(joinMember([storePart(head), ...parts, storePart(tail)]))
    return zipped
  }

  return {
    revision: document.revision(),
    etag: etagOf(document, form, frame),
    generated: frame.generated,
    bytes: () => {
      whole ??= joinShort([head, ...pieces.map((piece) => piece.bytes), tail])
      return whole
    },
    gzip: () => {
      if (zipped !== undefined) return zipped
      zipping ??= zip()
      zipping.catch(() => {
        zipping = undefined
      })
      return countUncompressed(pieces) > SOON_BYTES ? undefined : zipping
    },
  }
}

function countUncompressed(pieces: readonly IndexPiece[]): number {
  const left = pieces.filter((piece) => piece.compressed() === undefined)
  return left.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

function etagOf(document: IndexDocument, form: SnapshotForm, frame: SnapshotFrame): string {
  const fingerprint = document.fingerprint()
  if (form === 'list' || form === 'latest' || form === 'summaries') {
    return `"${fingerprint.toString('hex')}"`
  }
  const hash = createHash('sha256')
    .update(fingerprint)
    .update(`${frame.generated} ${form} ${frame.contextPath}`)
  return `"${hash.digest('hex').slice(0, 32)}"`
}

/** Pieces of JSON leave the last chart open. */
function writeFrame(
  form: SnapshotForm,
  isEmpty: boolean,
  { generated, contextPath }: SnapshotFrame,
): { head: Buffer; tail: Buffer } {
  const end = isEmpty ? '}' : ']}'
  if (form === 'yaml') {
    const serverInfo = contextPath === '' ? ' {}' : `\n  contextPath: ${quote(contextPath)}`
    return {
      head: Buffer.from(`apiVersion: v1\nentries:${isEmpty ? ' {}' : ''}\n`),
      tail: Buffer.from(`generated: "${generated}"\nserverInfo:${serverInfo}\n`),
    }
  }
  if (form === 'json') {
    const serverInfo = contextPath === '' ? '{}' : toGoJson({ contextPath })
    return {
      head: Buffer.from(`{"apiVersion":"v1","generated":"${generated}","entries":{`),
      tail: Buffer.from(`${end},"serverInfo":${serverInfo}}`),
    }
  }
  if (form === 'summaries') return { head: Buffer.from('['), tail: Buffer.from(']') }
  if (form === 'nested') return { head: Buffer.alloc(0), tail: Buffer.from(isEmpty ? '' : ']') }
  return { head: Buffer.from('{'), tail: Buffer.from(end) }
}
