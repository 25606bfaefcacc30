import {
  ContainerClient,
  newPipeline,
  RestError,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'
import type { Logger } from '../../service/log.ts'
import type { AzureConfig } from './azure-config.ts'
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

/** Names of Azure's metadata are identifiers. */
const UPLOAD_ID = 'chartgateupload'
const PAGE = 5000

/** A container of Azure Blob Storage. Packages are block blobs; ChartMuseum's append blobs are read and replaced too. */
export function createAzureObjects(
  config: AzureConfig,
  log: Logger,
  patience = DEFAULT_PATIENCE,
): ObjectStore {
  const credential = new StorageSharedKeyCredential(config.account, config.key)
  // Repeated here, not there: the SDK has no time limit of its own for an attempt.
  const pipeline = newPipeline(credential, { retryOptions: { maxTries: 1 } })
  const container = new ContainerClient(`${config.serviceUrl}/${config.container}`, pipeline)

  const calling = async <Result>(
    what: string,
    call: (abortSignal: AbortSignal) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await withRetries(call, { attemptMs: patience.answer, isTransient })
    } catch (error) {
      // An answer without words may mean the blob or the container.
      const isMissing = isBlobNotFound(error) || (statusOf(error) === 404 && (await canList()))
      if (isMissing) throw new StorageError('missing', `${what} not found`, { cause: error })
      throw unavailable(error)
    }
  }

  const listOne = () =>
    withRetries(
      (abortSignal) => container.listBlobsFlat({ abortSignal }).byPage({ maxPageSize: 1 }).next(),
      { attemptMs: patience.answer, isTransient },
    )
  const canList = () =>
    listOne().then(
      () => true,
      () => false,
    )

  return {
    head: (key, what) =>
      calling(what, async (abortSignal) =>
        describe(await container.getBlobClient(key).getProperties({ abortSignal })),
      ),
    get: (key, what, part) =>
      calling(what, async (abortSignal) => {
        const [offset, count] = part === undefined ? [0] : [part.start, part.end - part.start + 1]
        const conditions = part?.tag === undefined ? {} : { ifMatch: part.tag }
        const options = { conditions, maxRetryRequests: 0, abortSignal }
        const found = await container.getBlobClient(key).download(offset, count, options)
        return { ...describe(found), body: requireReadable(found.readableStreamBody) }
      }),
    list: async (prefix, what) => {
      const found: ListedObject[] = []
      let continuationToken: string | undefined
      do {
        const page = await calling(what, async (abortSignal) => {
          const pages = container
            .listBlobsByHierarchy('/', { prefix, abortSignal })
            .byPage({ maxPageSize: PAGE, ...(continuationToken && { continuationToken }) })
          return (await pages.next()).value
        })
        for (const { name, properties } of page?.segment.blobItems ?? []) {
          const { contentLength: size = 0, lastModified, etag: tag } = properties
          found.push({ key: name, size, modifiedNs: toSeconds(lastModified), tag })
        }
        continuationToken = page?.continuationToken
      } while (continuationToken)
      return found
    },
    put: async (key, { body, size, uploadId, isExclusive = false, signal }) => {
      const upload = (abortSignal: AbortSignal) =>
        container.getBlockBlobClient(key).upload(body, size, {
          abortSignal,
          blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
          ...(uploadId === undefined ? {} : { metadata: { [UPLOAD_ID]: uploadId } }),
          ...(isExclusive ? { conditions: { ifNoneMatch: '*' } } : {}),
        })
      try {
        return { tag: (await withinTime(upload, uploadPatience(patience, size), signal)).etag }
      } catch (error) {
        throw new PutFailure(putFault(error), unavailable(error), error)
      }
    },
    remove: (key, what) =>
      calling(what, async (abortSignal) => {
        await container.getBlobClient(key).deleteIfExists({ abortSignal })
      }),
    check: () =>
      checkListing(listOne, {
        isTransient,
        explain: (error) => explain(error, config),
        bucket: config.container,
        log,
      }),
    canDecide: true,
  }
}

function explain(error: unknown, { container, account }: AzureConfig): string {
  const code = error instanceof RestError ? (error.code ?? '') : String(error)
  if (code === 'ContainerNotFound') {
    return `STORAGE_MICROSOFT_CONTAINER: there is no container "${container}": create it, it is not made by itself`
  }
  return `the storage account "${account}" refuses to list the container "${container}" (${code}): check AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_ACCESS_KEY`
}

function describe(found: {
  contentLength?: number
  lastModified?: Date
  etag?: string
  metadata?: Record<string, string>
}): ObjectFacts {
  return {
    size: found.contentLength ?? 0,
    modifiedNs: toSeconds(found.lastModified),
    tag: found.etag,
    uploadId: found.metadata?.[UPLOAD_ID],
  }
}

function toSeconds(modified: Date | undefined): bigint {
  return BigInt(Math.floor((modified?.getTime() ?? 0) / 1000)) * 1_000_000_000n
}

function isBlobNotFound(error: unknown): boolean {
  return error instanceof RestError && error.code === 'BlobNotFound'
}

/** undefined where no answer came. */
function statusOf(error: unknown): number | undefined {
  return error instanceof RestError ? error.statusCode : undefined
}

function putFault(error: unknown): PutFault {
  const status = statusOf(error)
  if (error instanceof RestError && error.code === 'BlobAlreadyExists') return 'taken'
  if (status === 412) return 'taken'
  if (status === 409) return 'conflict'
  return isTransient(error) ? 'transient' : 'refused'
}

function isTransient(error: unknown): boolean {
  if (error instanceof TookTooLong) return true
  if (!(error instanceof RestError)) return false
  const { statusCode } = error
  return statusCode === undefined || statusCode >= 500 || statusCode === 408 || statusCode === 429
}
