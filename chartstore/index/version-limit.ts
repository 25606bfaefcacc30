import type { Logger } from '../../service/log.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import type { IndexDocument } from './document.ts'
import type { ProjectWriter } from './project-writer.ts'

/** Keeps the charts of one project within their number of versions (`PER_CHART_LIMIT`). */
export interface VersionLimit {
  /** The lowest versions of a chart go where there are too many, never the one that has just come. Never rejects. */
  keepWithin: (newest: { name: string; fileName: string }) => Promise<void>
}

/** @param maxVersions 0: no limit. */
export function createVersionLimit(options: {
  project: string
  maxVersions: number
  document: IndexDocument
  lock: KeyedLock
  remove: ProjectWriter['remove']
  log: Logger
}): VersionLimit {
  const { project, maxVersions, document, lock, remove, log } = options

  const removeSurplus = async ({ name, fileName }: { name: string; fileName: string }) => {
    const versions = document.versions(name) ?? []
    const surplus = versions.length - maxVersions
    const removable = [...versions].reverse().filter((entry) => entry.fileName !== fileName)
    for (const { fileName: packageFile } of removable.slice(0, Math.max(surplus, 0))) {
      await remove(packageFile)
      log.info(
        { fileName: packageFile },
        'removed: the chart has more versions than PER_CHART_LIMIT',
      )
    }
  }

  return {
    keepWithin: async (newest) => {
      if (maxVersions === 0) return
      await lock(`${project}//${newest.name}`, () => removeSurplus(newest)).catch(
        (error: unknown) => log.warn({ err: error }, 'old versions were not removed'),
      )
    },
  }
}
