import type { Logger } from '../../service/log.ts'
import { isLocalSpool } from './local-spool.ts'
import { readWhole, toFileStream } from './s3-body.ts'
import { checkBucket, createExclusiveCheck } from './s3-check.ts'
import { createS3Client, DEFAULT_PATIENCE, type S3Patience } from './s3-client.ts'
import { toS3StorageError } from './s3-errors.ts'
import { createS3Keys, type S3Keys } from './s3-keys.ts'
import { createS3Objects, type S3Objects } from './s3-objects.ts'
import { publish, type Upload } from './s3-publish.ts'
import { openSpoolFolder } from './s3-spool.ts'
import { type NewFile, type OpenFile, type Storage, StorageError } from './storage.ts'
import type { S3Config } from './storage-config.ts'

export interface S3StorageOptions {
  config: S3Config
  log: Logger
  /** Whether uploads may ever be refused because of what is there: then the server must be able to. */
  needsExclusiveCreate: boolean
  patience?: S3Patience
  /** Where uploads wait; the system's temporary directory by default. */
  tempDir?: string
}

/**
 * A bucket of an S3 server as storage. Listings are strictly per project. There is no revision: what others put into the
 * bucket is found by the periodic comparison.
 * @throws {StartError} for what only the operator can mend.
 */
export async function createS3Storage(options: S3StorageOptions): Promise<Storage> {
  const { config, log, needsExclusiveCreate, patience = DEFAULT_PATIENCE } = options
  const client = createS3Client(config, patience)
  const keys = createS3Keys(config.prefix)
  const objects = createS3Objects(client, config, patience.answer)
  const requireExclusiveCreate = createExclusiveCheck(objects, keys)
  const createSpool = await openSpoolFolder(options.tempDir)
  await checkBucket(client, config, log)
  if (needsExclusiveCreate) await requireExclusiveCreate().catch(passOverOutage)

  const list: Storage['list'] = async (project) => {
    const listed = await objects.list(keys.project(project), project)
    return listed.flatMap(({ key, size, modifiedNs }) => {
      const fileName = keys.fileName(project, key)
      return fileName === undefined ? [] : [{ fileName, size, modifiedNs }]
    })
  }

  return {
    list,
    listNames: async (project) => (await list(project)).map(({ fileName }) => fileName),
    stat: async (project, fileName) => {
      const { size, modifiedNs } = await objects.head(keys.file(project, fileName), fileName)
      return { fileName, size, modifiedNs }
    },
    get: (project, fileName) =>
      openObject(objects, keys.file(project, fileName), fileName, patience.answer),
    createSpool,
    put: async (project, files, overwrite) => {
      const uploads = files.map((file) => toUpload(keys, project, file))
      if (!overwrite) await requireExclusiveCreate()
      return publish(objects, uploads, overwrite)
    },
    delete: async (project, fileName) => {
      const key = keys.file(project, fileName)
      // S3 deletes what is not there without a word.
      await objects.head(key, fileName)
      await objects.remove(key, fileName)
    },
    putDerived: async (project, fileName, content) => {
      try {
        await objects.put(keys.file(project, fileName), { body: content, size: content.length })
      } catch (error) {
        throw toS3StorageError(error, fileName)
      }
    },
    revision: async () => undefined,
  }
}

function passOverOutage(error: unknown): void {
  if (!(error instanceof StorageError)) throw error
}

function toUpload(keys: S3Keys, project: string, { fileName, spool }: NewFile): Upload {
  if (!isLocalSpool(spool)) throw new TypeError('a spool of another storage')
  return { fileName, spool: spool.path, key: keys.file(project, fileName) }
}

async function openObject(
  objects: S3Objects,
  key: string,
  fileName: string,
  patienceMs: number,
): Promise<OpenFile> {
  const { body, size, modifiedNs, etag } = await objects.get(key, fileName)
  const readAll = () => toFileStream(body, fileName, patienceMs)
  return {
    fileName,
    size,
    modifiedNs,
    stream: (range) => {
      if (range === undefined) return readAll()
      body.destroy()
      const part = objects.get(key, fileName, { ...range, etag }).then((found) => found.body)
      return toFileStream(part, fileName, patienceMs)
    },
    read: () => readWhole(readAll(), size),
    close: async () => {
      body.destroy()
    },
  }
}
