import { coalesceByKey } from '../../service/coalesce.ts'
import { othersTurn, SLICE_MS } from '../../service/others-turn.ts'
import type { DocumentForm, IndexDocument } from './document.ts'
import {
  createSnapshot,
  type IndexSnapshot,
  type SnapshotForm,
  type SnapshotFrame,
} from './snapshot.ts'

export interface Snapshots {
  get: (form: SnapshotForm) => Promise<IndexSnapshot>
  /** Has the document written in that form, in slices. */
  prepare: (form: DocumentForm) => Promise<void>
  /** What `get` would give, where there is no need to make it. */
  peek: (form: SnapshotForm) => IndexSnapshot | undefined
}

/**
 * The last snapshot of a document in each form, made anew where the document has changed.
 * @param frame as it is at that moment.
 */
export function createSnapshots(document: IndexDocument, frame: () => SnapshotFrame): Snapshots {
  const snapshots = new Map<SnapshotForm, IndexSnapshot>()

  const prepare = coalesceByKey(async (form: DocumentForm) => {
    while (!document.writeFor(form, SLICE_MS)) await othersTurn()
  })

  const peek = (form: SnapshotForm) => {
    const last = snapshots.get(form)
    return last?.revision === document.revision() ? last : undefined
  }

  return {
    peek,
    prepare,
    get: async (form) => {
      const known = peek(form)
      if (known !== undefined) return known
      await prepare(form === 'list' ? 'json' : form)
      const snapshot = peek(form) ?? createSnapshot(document, form, frame())
      snapshots.set(form, snapshot)
      return snapshot
    },
  }
}
