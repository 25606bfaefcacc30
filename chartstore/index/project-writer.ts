import { packageOf, provenanceOf } from '../chart/file-name.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import { type NewFile, type Storage, StorageError } from '../storage/storage.ts'
import type { Coherence } from './coherence.ts'
import { createEntry, type IndexEntry, type PackageFacts } from './entry.ts'
import { FileNameTaken } from './file-name-taken.ts'
import type { IndexedFiles } from './indexed-files.ts'
import type { ObjectLimit } from './object-limit.ts'

/** Publishes and deletes the files of one project, and indexes what it does before it resolves. */
export interface ProjectWriter {
  /** @throws {StorageError} `exists` where one is there already and may not be replaced. */
  publish: (publication: Publication) => Promise<void>
  /** Deletes a package and its provenance. Resolves to whether there was one of them. */
  remove: (packageFile: string) => Promise<boolean>
}

/** A package, its provenance or both. */
export interface Publication {
  files: readonly NewFile[]
  /** What the index says of the package among the files. */
  facts?: Omit<PackageFacts, 'modifiedNs'>
  overwrite: boolean
}

export function createProjectWriter(options: {
  project: string
  storage: Storage
  files: IndexedFiles
  coherence: Coherence
  lock: KeyedLock
  limit: ObjectLimit
  urlBase: string
  /** Tells the replicas what has become of a package and its provenance. */
  announce: (fileName: string) => Promise<void>
}): ProjectWriter {
  const { project, storage, files, coherence, lock, limit, urlBase, announce } = options
  const { document } = files

  const put = async ({ files: newFiles, facts, overwrite }: Publication) => {
    for (const file of await storage.put(project, newFiles, overwrite)) {
      const { fileName, modifiedNs } = file
      if (fileName !== facts?.fileName) files.ledger.note(file)
      else files.adopt(createEntry({ ...facts, modifiedNs }, urlBase), file)
    }
  }

  return {
    publish: async (publication) => {
      const { files: newFiles, facts } = publication
      // A chart and its provenance share a lock, whichever of them comes.
      const fileName = packageOf(newFiles[0]?.fileName ?? '')
      const settle = await limit.reserve(newFiles.map((file) => file.fileName))
      try {
        await lock(`${project}/${fileName}`, async () => {
          refuseAnotherChart(document.getFile(fileName), facts)
          await coherence.write(fileName, () => put(publication))
          await announce(fileName)
        })
      } finally {
        settle()
      }
    },
    remove: (packageFile) =>
      lock(`${project}/${packageFile}`, async () => {
        const isRemoved = await coherence.write(packageFile, async () => {
          // Out of the index first, so that it never lists what is gone. The provenance goes before the package: what a
          // crash leaves is a chart that can be deleted again.
          files.drop(packageFile)
          const provenanceFile = provenanceOf(packageFile)
          const hadProvenance = await deleteIfThere(storage, project, provenanceFile)
          files.drop(provenanceFile)
          const hadPackage = await deleteIfThere(storage, project, packageFile)
          return hadPackage || hadProvenance
        })
        if (isRemoved) await announce(packageFile)
        return isRemoved
      }),
  }
}

/** Chart `a-1` version `2.0.0` and chart `a` version `1-2.0.0` share a file name: neither may replace the other. */
function refuseAnotherChart(
  indexed: IndexEntry | undefined,
  facts: Publication['facts'] | undefined,
): void {
  if (indexed === undefined || facts === undefined) return
  const { name, version } = facts.metadata
  if (indexed.name === name && indexed.version === version) return
  throw new FileNameTaken(facts.fileName, indexed)
}

async function deleteIfThere(
  storage: Storage,
  project: string,
  fileName: string,
): Promise<boolean> {
  try {
    await storage.delete(project, fileName)
    return true
  } catch (error) {
    if (error instanceof StorageError && error.fault === 'missing') return false
    throw error
  }
}
