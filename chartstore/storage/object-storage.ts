import type { Claim } from '../replicas/replicas.ts'
import { inSlices } from '../slices.ts'
import { createArbiterSearch } from './arbiter.ts'
import { isLocalSpool } from './local-spool.ts'
import { readWhole, toFileStream } from './object-body.ts'
import { createObjectKeys, type ObjectKeys } from './object-keys.ts'
import { publish, type Upload } from './object-publish.ts'
import { openSpoolFolder } from './object-spool.ts'
import { type ObjectStore, PutFailure, toStoredFile } from './object-store.ts'
import { DEFAULT_PATIENCE, type Patience } from './patience.ts'
import { type NewFile, type OpenFile, type Storage, StorageError } from './storage.ts'

export interface ObjectStorageOptions {
  objects: ObjectStore
  /** In front of every project, without slashes at its ends; empty: none. */
  prefix: string
  /** Whether uploads may ever be refused because of what is there: then somebody must decide. */
  needsExclusiveCreate: boolean
  /** Decides where the server cannot; undefined: nobody does. */
  claim?: Claim | undefined
  patience?: Patience
  /** Where uploads wait; the system's temporary directory by default. */
  tempDir?: string
}

/**
 * A bucket as storage. Listings are strictly per project. There is no revision: what others put into the
 * bucket is found by the periodic comparison.
 * @throws {StartError} for what only the operator can mend.
 */
export async function createObjectStorage(options: ObjectStorageOptions): Promise<Storage> {
  const { objects, needsExclusiveCreate, patience = DEFAULT_PATIENCE } = options
  const keys = createObjectKeys(options.prefix)
  const findArbiter = createArbiterSearch(objects, keys, options.claim)
  const createSpool = await openSpoolFolder(options.tempDir)
  await objects.check()
  if (needsExclusiveCreate) await findArbiter().catch(passOverOutage)

  const list: Storage['list'] = async (project) => {
    const listed = await objects.list(keys.project(project), project)
    return listed.flatMap((object) => {
      const fileName = keys.fileName(project, object.key)
      return fileName === undefined ? [] : [toStoredFile(fileName, object)]
    })
  }

  return {
    list,
    listNames: async (project) => (await list(project)).map(({ fileName }) => fileName),
    stat: async (project, fileName) => {
      return toStoredFile(fileName, await objects.head(keys.file(project, fileName), fileName))
    },
    get: (project, fileName) =>
      openObject(objects, keys.file(project, fileName), fileName, patience.answer),
    createSpool,
    put: async (project, files, overwrite) => {
      const uploads = files.map((file) => toUpload(keys, project, file))
      const arbiter = overwrite ? undefined : await findArbiter()
      if (arbiter?.kind !== 'claim') return publish(objects, uploads, { overwrite })
      return claimAll(arbiter.claim, uploads.map(claimName), (claimed) =>
        publish(objects, uploads, { overwrite, claimed }),
      )
    },
    delete: async (project, fileName) => {
      const key = keys.file(project, fileName)
      // Object stores delete what is not there without a word.
      await objects.head(key, fileName)
      await objects.remove(key, fileName)
    },
    putDerived: async (project, fileName, content) => {
      const body = await joinParts(content)
      try {
        await objects.put(keys.file(project, fileName), { body, size: body.length })
      } catch (error) {
        throw error instanceof PutFailure ? error.storageError : error
      }
    },
    revision: async () => undefined,
    marksNow: { revision: () => undefined, isMissing: () => false },
  }
}

async function joinParts(content: Iterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  await inSlices(content, (part) => parts.push(part))
  const whole = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + part.length, 0))
  let length = 0
  await inSlices(parts, (part) => {
    length += part.copy(whole, length)
  })
  return whole
}

function passOverOutage(error: unknown): void {
  if (!(error instanceof StorageError)) throw error
}

function toUpload(keys: ObjectKeys, project: string, { fileName, spool }: NewFile): Upload {
  if (!isLocalSpool(spool)) throw new TypeError('a spool of another storage')
  return { fileName, spool: spool.path, key: keys.file(project, fileName) }
}

/** A chart and its provenance are claimed as one. */
function claimName({ key }: Upload): string {
  return key.replace(/\.prov$/, '')
}

/** Takes several claims in one order, so that no two stores wait for each other. */
function claimAll<Result>(
  claim: Claim,
  names: readonly string[],
  task: (signal: AbortSignal) => Promise<Result>,
  held: readonly AbortSignal[] = [],
): Promise<Result> {
  const [name, ...others] = [...new Set(names)].sort()
  if (name === undefined) return task(AbortSignal.any([...held]))
  return claim(name, (signal) => claimAll(claim, others, task, [...held, signal]))
}

async function openObject(
  objects: ObjectStore,
  key: string,
  fileName: string,
  patienceMs: number,
): Promise<OpenFile> {
  const { body, ...facts } = await objects.get(key, fileName)
  const { size, tag } = facts
  const readAll = () => toFileStream(body, patienceMs)
  return {
    ...toStoredFile(fileName, facts),
    stream: (range) => {
      if (range === undefined) return readAll()
      body.destroy()
      const part = objects.get(key, fileName, { ...range, tag }).then((found) => found.body)
      return toFileStream(part, patienceMs)
    },
    read: () => readWhole(readAll(), size),
    close: async () => {
      body.destroy()
    },
  }
}
