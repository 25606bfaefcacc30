import { packageOf } from '../chart/file-name.ts'
import type { SiblingStores } from '../replicas/replicas.ts'
import type { ProjectWriter } from './project-writer.ts'
import type { Quota } from './quota.ts'

/**
 * A writer that takes turns with those of siblings on this machine: what one process keeps apart by itself (two uploads of
 * a file, what both count as room of the project), is kept apart for all of them.
 * @param countsFiles whether the files of the project are limited. @param afterTurn each sibling knows what was written.
 */
export function takeTurns(
  writer: ProjectWriter,
  {
    project,
    siblings,
    countsFiles,
    afterTurn,
  }: {
    project: string
    siblings: SiblingStores | undefined
    countsFiles: boolean
    afterTurn: () => void
  },
): ProjectWriter {
  if (siblings === undefined) return writer
  return {
    publish: async (publication) => {
      const fileName = packageOf(publication.files[0]?.fileName ?? '')
      const isCounted = countsFiles || isLimit(publication.quota)
      await siblings.write({ project, fileName, isCounted }, () => writer.publish(publication))
      afterTurn()
    },
    remove: async (fileName) => {
      const turn = { project, fileName, isCounted: false }
      const isRemoved = await siblings.write(turn, () => writer.remove(fileName))
      if (isRemoved) afterTurn()
      return isRemoved
    },
  }
}

function isLimit({ bytes, versions }: Quota): boolean {
  return bytes !== Number.POSITIVE_INFINITY || versions !== Number.POSITIVE_INFINITY
}
