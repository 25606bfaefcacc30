import { once } from 'node:events'
import { Readable } from 'node:stream'
import { ApiError, type FileMetadata, Storage } from '@google-cloud/storage'
import type { Logger } from '../../service/log.ts'
import type { GoogleConfig } from './google-config.ts'
import { checkListing } from './listing-check.ts'
import { requireReadable } from './object-body.ts'
import {
  type ListedObject,
  type ObjectFacts,
  type ObjectStore,
  PutFailure,
  type PutFault,
} from './object-store.ts'
import { DEFAULT_PATIENCE, uploadPatience } from './patience.ts'
import { TookTooLong, withinTime, withRetries } from './retry.ts'
import { StorageError } from './storage.ts'
import { unavailable } from './unavailable.ts'

const UPLOAD_ID = 'chartgate-upload'

/** A bucket of Google Cloud Storage, by Application Default Credentials. Every write makes a generation of its own. */
export function createGcsObjects(
  config: GoogleConfig,
  log: Logger,
  patience = DEFAULT_PATIENCE,
): ObjectStore {
  const { endpoint } = config
  const bucket = new Storage({
    retryOptions: { autoRetry: false },
    ...(endpoint === undefined
      ? {}
      : { apiEndpoint: endpoint, useAuthWithCustomEndpoint: endpoint.startsWith('https:') }),
  }).bucket(config.bucket)

  const asking = <Result>(call: () => Promise<Result>) =>
    withRetries(call, { attemptMs: patience.answer, isTransient })

  const calling = async <Result>(what: string, call: () => Promise<Result>): Promise<Result> => {
    try {
      return await asking(call)
    } catch (error) {
      // The same answer tells of an object that is missing and of a bucket that is.
      if (statusOf(error) === 404 && (await canList())) {
        throw new StorageError('missing', `${what} not found`, { cause: error })
      }
      throw unavailable(error)
    }
  }

  const listOne = () => asking(() => bucket.getFiles({ maxResults: 1, autoPaginate: false }))
  const canList = () =>
    listOne().then(
      () => true,
      () => false,
    )

  const head: ObjectStore['head'] = (key, what) =>
    calling(what, async () => describe((await bucket.file(key).getMetadata())[0]))

  return {
    head,
    get: async (key, what, part) => {
      const facts = await head(key, what)
      const generation = part === undefined ? facts.tag : part.tag
      if (part !== undefined && part.tag !== facts.tag) {
        throw unavailable(new Error('it was replaced meanwhile'))
      }
      const range = part === undefined ? {} : { start: part.start, end: part.end }
      const file = bucket.file(key, generation === undefined ? {} : { generation })
      // A generation that is replaced is gone: what is to be read is asked for before anybody else comes.
      const source = file.createReadStream({ ...range, validation: false, decompress: false })
      await calling(what, () => Promise.race([once(source, 'response'), once(source, 'readable')]))
      return { ...facts, body: requireReadable(source) }
    },
    list: async (prefix, what) => {
      const found: ListedObject[] = []
      let pageToken: string | undefined
      do {
        const query = {
          prefix,
          delimiter: '/',
          autoPaginate: false,
          ...(pageToken && { pageToken }),
        }
        const [files, next] = await calling(what, () => bucket.getFiles(query))
        for (const { name, metadata } of files) {
          const { size, modifiedNs, tag } = describe(metadata)
          found.push({ key: name, size, modifiedNs, tag })
        }
        pageToken = (next as { pageToken?: string } | null)?.pageToken
      } while (pageToken)
      return found
    },
    put: async (key, { body, size, uploadId, isExclusive = false, signal }) => {
      const file = bucket.file(key)
      const target = file.createWriteStream({
        resumable: false,
        validation: false,
        contentType: 'application/octet-stream',
        ...(uploadId === undefined ? {} : { metadata: { metadata: { [UPLOAD_ID]: uploadId } } }),
        ...(isExclusive ? { preconditionOpts: { ifGenerationMatch: 0 } } : {}),
      })
      const source = body instanceof Readable ? body : Readable.from([body])
      const ended = new Promise<void>((resolve, reject) => {
        source.once('error', reject)
        target.once('error', reject).once('finish', resolve)
      })
      source.pipe(target)
      try {
        await withinTime(() => ended, uploadPatience(patience, size), signal)
      } catch (error) {
        target.destroy()
        throw new PutFailure(putFault(error), unavailable(error), error)
      }
      return { tag: describe(file.metadata).tag }
    },
    remove: (key, what) =>
      calling(what, async () => {
        await bucket.file(key).delete({ ignoreNotFound: true })
      }),
    check: () =>
      checkListing(listOne, {
        isTransient,
        explain: (error) => explain(error, config),
        bucket: config.bucket,
        log,
      }),
    canDecide: true,
  }
}

function explain(error: unknown, { bucket }: GoogleConfig): string {
  if (statusOf(error) === 404) {
    return `STORAGE_GOOGLE_BUCKET: there is no bucket "${bucket}": create it, it is not made by itself`
  }
  const reason = error instanceof Error ? error.message : String(error)
  return `Google Cloud Storage refuses to list the bucket "${bucket}" (${reason}): check GOOGLE_APPLICATION_CREDENTIALS or another source of Application Default Credentials`
}

function describe(metadata: FileMetadata): ObjectFacts {
  const { size, updated, generation, metadata: own } = metadata
  const uploadId = own?.[UPLOAD_ID]
  return {
    size: Number(size ?? 0),
    modifiedNs: BigInt(Date.parse(updated ?? '') || 0) * 1_000_000n,
    tag: generation === undefined ? undefined : String(generation),
    uploadId: typeof uploadId === 'string' ? uploadId : undefined,
  }
}

function putFault(error: unknown): PutFault {
  if (statusOf(error) === 412) return 'taken'
  return isTransient(error) ? 'transient' : 'refused'
}

function isTransient(error: unknown): boolean {
  if (error instanceof TookTooLong) return true
  const status = statusOf(error)
  if (status !== undefined) return status >= 500 || status === 408 || status === 429
  return error instanceof Error && !/credentials/i.test(error.message)
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof ApiError) return error.code
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? Number(error.code) : Number.NaN
  return Number.isInteger(code) && code >= 100 ? code : undefined
}
