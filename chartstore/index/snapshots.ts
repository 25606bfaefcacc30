import { setImmediate as nextTurn } from 'node:timers/promises'
import { coalesceByKey } from '../coalesce.ts'
import type { IndexDocument } from './document.ts'
import type { PieceForm } from './index-piece.ts'
import {
  createSnapshot,
  type IndexSnapshot,
  type SnapshotForm,
  type SnapshotFrame,
} from './snapshot.ts'

/** So long other requests wait while a large index is written for the first time. */
const SLICE_MS = 5

/**
 * The last snapshot of a document in each form, made anew where the document has changed.
 * @param frame as it is at that moment.
 */
export function createSnapshots(
  document: IndexDocument,
  frame: () => SnapshotFrame,
): (form: SnapshotForm) => Promise<IndexSnapshot> {
  const snapshots = new Map<SnapshotForm, IndexSnapshot>()

  const writeAhead = coalesceByKey(async (form: PieceForm) => {
    while (!document.writeFor(form, SLICE_MS)) await nextTurn()
  })

  const current = (form: SnapshotForm) => {
    const last = snapshots.get(form)
    return last?.revision === document.revision() ? last : undefined
  }

  return async (form) => {
    const known = current(form)
    if (known !== undefined) return known
    await writeAhead(form === 'list' ? 'json' : form)
    const snapshot = current(form) ?? createSnapshot(document, form, frame())
    snapshots.set(form, snapshot)
    return snapshot
  }
}
