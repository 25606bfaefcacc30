import { packageOf, provenanceOf } from '../chart/file-name.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import { type NewFile, type Storage, StorageError } from '../storage/storage.ts'
import type { Coherence } from './coherence.ts'
import { createEntry, type IndexEntry, type PackageFacts } from './entry.ts'
import { FileNameTaken } from './file-name-taken.ts'
import type { IndexedFiles } from './indexed-files.ts'
import type { ObjectLimit } from './object-limit.ts'
import { createRoom, type GiveBack, type Quota } from './quota.ts'

/** Publishes and deletes the files of one project, and indexes what it does before it resolves. */
export interface ProjectWriter {
  /**
   * @throws {StorageError} `exists` where one is there already and may not be replaced.
   * @throws {QuotaExceeded} where there is no room for it.
   */
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
  quota: Quota
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
  const { document, ledger } = files
  const room = createRoom(() => ({ bytes: ledger.bytes(), versions: document.versionCount() }))

  const takeRoom = ({ files: newFiles, facts, quota }: Publication): GiveBack => {
    const growth = newFiles.map(
      ({ fileName, spool }) => spool.size() - (ledger.get(fileName)?.size ?? 0),
    )
    const isNew = facts !== undefined && findHolder(facts) === undefined
    const bytes = growth.reduce((sum, more) => sum + more, 0)
    return room.take({ bytes, versions: isNew ? 1 : 0 }, quota)
  }

  /** The version as the index has it, from whatever file. */
  const findHolder = ({ metadata }: NonNullable<Publication['facts']>) =>
    document.version(metadata.name, metadata.version)

  /** Storage decides whether a file is replaced. It cannot tell that a version is there under another file's name. */
  const refuseReplacement = ({ facts, overwrite }: Publication) => {
    const holder = overwrite || facts === undefined ? undefined : findHolder(facts)
    if (holder === undefined || holder.fileName === facts?.fileName) return
    throw new StorageError('exists', `${holder.fileName} holds this version already`)
  }

  const put = async ({ files: newFiles, facts, overwrite }: Publication, giveBack: GiveBack) => {
    const stored = await storage.put(project, newFiles, overwrite)
    giveBack()
    for (const file of stored) {
      const { fileName, modifiedNs } = file
      if (fileName !== facts?.fileName) ledger.note(file)
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
          refuseReplacement(publication)
          const giveBack = takeRoom(publication)
          await coherence.write(fileName, () => put(publication, giveBack)).finally(giveBack)
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
