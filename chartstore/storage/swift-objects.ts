import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import type { Logger } from '../../service/log.ts'
import { withLateListings } from './late-listings.ts'
import { checkListing } from './listing-check.ts'
import {
  type ListedObject,
  type ObjectFacts,
  type ObjectStore,
  PutFailure,
  type PutFault,
} from './object-store.ts'
import { DEFAULT_PATIENCE, uploadPatience } from './patience.ts'
import { withinTime } from './retry.ts'
import { StorageError } from './storage.ts'
import { createSwiftClient, type SwiftCall } from './swift-client.ts'
import type { SwiftConfig } from './swift-config.ts'
import { isDistrust, isTransient, readJson, type SwiftAnswer, SwiftRefusal } from './swift-http.ts'
import { listedTime, objectTime } from './swift-times.ts'
import { unavailable } from './unavailable.ts'

const UPLOAD_ID = 'x-object-meta-chartgate-upload'
/** A replica that missed a write would answer with what was there before. */
const NEWEST = { 'x-newest': 'true' }

/** What a listing has: objects, and with a delimiter what else is deeper. */
const pageSchema = z.array(
  z.union([
    z.object({
      name: z.string(),
      bytes: z.number(),
      last_modified: z.string(),
      hash: z.string(),
    }),
    z.object({ subdir: z.string() }),
  ]),
)

/**
 * A container of Swift. A package is one object by one PUT: 5 GB at most.
 * @throws {StartError} for what only the operator can mend.
 */
export function createSwiftObjects(
  config: SwiftConfig,
  log: Logger,
  patience = DEFAULT_PATIENCE,
): ObjectStore {
  const client = createSwiftClient(config, patience)

  const calling = async <Result>(
    what: string,
    call: SwiftCall,
    read: (answer: SwiftAnswer) => Promise<Result> | Result,
  ): Promise<Result> => {
    try {
      return await client.ask(call, read)
    } catch (error) {
      // The same answer tells of an object that is missing and of a container that is.
      if (statusOf(error) === 404 && (await canList())) {
        throw new StorageError('missing', `${what} not found`, { cause: error })
      }
      throw unavailable(error)
    }
  }

  const listPage = (query: Record<string, string>) =>
    client.ask(
      { method: 'GET', path: `?${new URLSearchParams({ format: 'json', ...query })}` },
      async (answer) => pageSchema.parse(await readJson(answer)),
    )
  const canList = () =>
    listPage({ limit: '1' }).then(
      () => true,
      () => false,
    )

  return withLateListings({
    head: (key, what) => {
      const call = { method: 'HEAD', path: toPath(key), headers: NEWEST }
      return calling(what, call, (answer) => {
        answer.body.resume()
        return describe(answer.headers)
      })
    },
    get: (key, what, part) => {
      const headers =
        part === undefined
          ? NEWEST
          : { range: `bytes=${part.start}-${part.end}`, ...(part.tag && { 'if-match': part.tag }) }
      return calling(what, { method: 'GET', path: toPath(key), headers }, (answer) => ({
        ...describe(answer.headers),
        body: answer.body,
      }))
    },
    list: async (prefix) => {
      const found: ListedObject[] = []
      // How long a page may be is the server's to say: the end is a page without anything.
      for (let marker = ''; ; ) {
        const page = await listPage({ prefix, delimiter: '/', marker }).catch((error: unknown) => {
          throw unavailable(error)
        })
        for (const item of page) {
          if ('subdir' in item) continue
          const { name, bytes: size, last_modified, hash: tag } = item
          found.push({ key: name, size, modifiedNs: listedTime(last_modified), tag })
        }
        const last = page.at(-1)
        if (last === undefined) return found
        const next = 'subdir' in last ? last.subdir : last.name
        if (next === marker) throw unavailable(new Error('a listing does not go on'))
        marker = next
      }
    },
    put: async (key, { body, size, uploadId, signal }) => {
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': size,
        ...(uploadId === undefined ? {} : { [UPLOAD_ID]: uploadId }),
      }
      const call = { method: 'PUT', path: toPath(key), headers, body }
      try {
        const answer = await withinTime(
          (ended) => client.send(call, ended),
          uploadPatience(patience, size),
          signal,
        )
        answer.body.resume()
        return { tag: answer.headers.etag }
      } catch (error) {
        throw new PutFailure(putFault(error), toStorageError(error), error)
      }
    },
    remove: async (key, what) => {
      try {
        const call = { method: 'DELETE', path: toPath(key) }
        await calling(what, call, (answer) => void answer.body.resume())
      } catch (error) {
        if (!(error instanceof StorageError && error.fault === 'missing')) throw error
      }
    },
    check: () =>
      checkListing(() => listPage({ limit: '1' }), {
        isTransient,
        explain: (error) => explain(error, config),
        bucket: config.container,
        log,
      }),
    // Swift looks for an object before it takes the body: of two that come together both pass. RGW does not look.
    canDecide: false,
  })
}

function explain(error: unknown, { container }: SwiftConfig): string {
  if (statusOf(error) === 404) {
    return `STORAGE_OPENSTACK_CONTAINER: there is no container "${container}": create it, it is not made by itself`
  }
  const reason = error instanceof Error ? error.message : String(error)
  if (isDistrust(error)) {
    return `the certificate of the object store is not trusted (${reason}): set STORAGE_OPENSTACK_CACERT`
  }
  return `the object store refuses to list the container "${container}" (${reason}): check the roles of the user in the project`
}

/** Keys keep their slashes. */
function toPath(key: string): string {
  return `/${key.split('/').map(encodeURIComponent).join('/')}`
}

function describe(headers: IncomingHttpHeaders): ObjectFacts {
  const uploadId = headers[UPLOAD_ID]
  return {
    size: Number(headers['content-length'] ?? 0),
    modifiedNs: objectTime(String(headers['x-timestamp'])),
    tag: headers.etag,
    uploadId: typeof uploadId === 'string' ? uploadId : undefined,
  }
}

function toStorageError(error: unknown): StorageError {
  // A quota of the account or the container, or a disk.
  if ([413, 507].includes(statusOf(error) ?? 0)) {
    const text = 'storage is full: free some space and try again'
    return new StorageError('full', text, { cause: error })
  }
  return unavailable(error)
}

function putFault(error: unknown): PutFault {
  if (statusOf(error) === 409) return 'conflict'
  // A stream cannot be sent again with the next token but by the caller.
  return isTransient(error) || statusOf(error) === 401 ? 'transient' : 'refused'
}

/** undefined where no answer came. */
function statusOf(error: unknown): number | undefined {
  return error instanceof SwiftRefusal ? error.status : undefined
}
