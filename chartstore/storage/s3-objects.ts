import type { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { requireReadable } from './s3-body.ts'
import { isNotFound, toS3StorageError } from './s3-errors.ts'
import type { S3Config } from './storage-config.ts'

/** An object as its server describes it. */
export interface ObjectFacts {
  size: number
  /** Whole seconds, as nanoseconds: listings of some servers say milliseconds, HEAD and GET never do. */
  modifiedNs: bigint
  etag: string | undefined
  /** Which upload of ours it came from, see {@link S3Objects.put}. */
  uploadId: string | undefined
}

export interface ListedObject {
  key: string
  size: number
  modifiedNs: bigint
}

export interface NewObject {
  body: Buffer | Readable
  size: number
  /** Kept with the object, so that the fate of an upload whose answer was lost can be told. */
  uploadId?: string
  /** Refuses (412) where there is an object already. */
  isExclusive?: boolean
}

/** The calls to one bucket. `what` stands in messages for the key. */
export interface S3Objects {
  /** @throws {StorageError} `missing` only where the server says so in words. */
  head: (key: string, what: string) => Promise<ObjectFacts>
  get: (key: string, what: string, part?: ObjectPart) => Promise<ObjectFacts & { body: Readable }>
  /** Everything below a prefix that ends in a slash, page by page. */
  list: (prefix: string, what: string) => Promise<ListedObject[]>
  /** One attempt where the body is a stream. @throws the SDK's error, for the caller to judge. */
  put: (key: string, object: NewObject) => Promise<{ etag: string | undefined }>
  /** Succeeds where there is none, as S3 does. */
  remove: (key: string, what: string) => Promise<void>
}

/** Bytes from `start` to `end`, both inclusive, of the very object that has this ETag. */
export interface ObjectPart {
  start: number
  end: number
  etag: string | undefined
}

const UPLOAD_ID = 'chartgate-upload'

/** Uploads have a second more for each of these, in bytes. */
const SLOWEST_PER_SECOND = 256 * 1024

export function createS3Objects(client: S3Client, config: S3Config, patienceMs: number): S3Objects {
  const Bucket = config.bucket

  const calling = async <Result>(what: string, call: () => Promise<Result>): Promise<Result> => {
    try {
      return await call()
    } catch (error) {
      throw toS3StorageError(error, what)
    }
  }

  const get: S3Objects['get'] = (key, what, part) =>
    calling(what, async () => {
      const wanted =
        part === undefined ? {} : { Range: `bytes=${part.start}-${part.end}`, IfMatch: part.etag }
      const output = await client.send(new GetObjectCommand({ Bucket, Key: key, ...wanted }))
      return { ...describe(output), body: requireReadable(output.Body) }
    })

  return {
    get,
    head: (key, what) =>
      calling(what, async () => {
        try {
          return describe(await client.send(new HeadObjectCommand({ Bucket, Key: key })))
        } catch (error) {
          if (!isNotFound(error)) throw error
          const { body, ...facts } = await get(key, what)
          body.destroy()
          return facts
        }
      }),
    list: (prefix, what) =>
      calling(what, async () => {
        const found: ListedObject[] = []
        let ContinuationToken: string | undefined
        do {
          const page = await client.send(
            new ListObjectsV2Command({ Bucket, Prefix: prefix, Delimiter: '/', ContinuationToken }),
          )
          for (const { Key: key, Size: size = 0, LastModified } of page.Contents ?? []) {
            if (key !== undefined) found.push({ key, size, modifiedNs: toSeconds(LastModified) })
          }
          ContinuationToken = page.NextContinuationToken
          if (page.IsTruncated === true && ContinuationToken === undefined) {
            throw new Error('a listing was cut short')
          }
        } while (ContinuationToken !== undefined)
        return found
      }),
    put: async (key, { body, size, uploadId, isExclusive = false }) => {
      const output = await client.send(
        new PutObjectCommand({
          Bucket,
          Key: key,
          Body: body,
          ContentLength: size,
          ContentType: 'application/octet-stream',
          ServerSideEncryption: config.encryption,
          ...(uploadId === undefined ? {} : { Metadata: { [UPLOAD_ID]: uploadId } }),
          ...(isExclusive ? { IfNoneMatch: '*' } : {}),
        }),
        { requestTimeout: patienceMs + (size / SLOWEST_PER_SECOND) * 1000 },
      )
      return { etag: output.ETag }
    },
    remove: (key, what) =>
      calling(what, async () => {
        await client.send(new DeleteObjectCommand({ Bucket, Key: key }))
      }),
  }
}

function describe(output: {
  ContentLength?: number | undefined
  LastModified?: Date | undefined
  ETag?: string | undefined
  Metadata?: Record<string, string> | undefined
}): ObjectFacts {
  return {
    size: output.ContentLength ?? 0,
    modifiedNs: toSeconds(output.LastModified),
    etag: output.ETag,
    uploadId: output.Metadata?.[UPLOAD_ID],
  }
}

function toSeconds(modified: Date | undefined): bigint {
  return BigInt(Math.floor((modified?.getTime() ?? 0) / 1000)) * 1_000_000_000n
}
