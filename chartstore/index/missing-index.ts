import { toTheSecond } from '../../service/to-the-second.ts'
import { createIndexDocument } from './document.ts'
import type { ProjectIndex } from './project-index.ts'
import { createSnapshot, type IndexSnapshot, type SnapshotForm } from './snapshot.ts'

/** What is read of an index that is in memory. */
export type PeekedIndex = Pick<ProjectIndex, 'peekCurrent' | 'peekSnapshot'>

/** Of all projects that are not there, and are read all the same: those of a gateway that nobody has pushed to. */
export function createMissingIndex(contextPath: string): PeekedIndex {
  const document = createIndexDocument('')
  const frame = { generated: toTheSecond(Date.now()), contextPath }
  const snapshots = new Map<SnapshotForm, IndexSnapshot>()
  return {
    peekCurrent: () => document,
    peekSnapshot: (form) => {
      const snapshot = snapshots.get(form) ?? createSnapshot(document, form, frame)
      snapshots.set(form, snapshot)
      return snapshot
    },
  }
}
