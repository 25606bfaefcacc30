import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { Logger } from '../../service/log.ts'
import { requireReadable } from './object-body.ts'
import type { ListedObject, ObjectFacts, ObjectStore } from './object-store.ts'
import { DEFAULT_PATIENCE, uploadPatience } from './patience.ts'
import { checkBucket } from './s3-check.ts'
import { createS3Client } from './s3-client.ts'
import type { S3Config } from './s3-config.ts'
import { isNotFound, toPutFailure, toS3StorageError } from './s3-errors.ts'

const UPLOAD_ID = 'chartgate-upload'

/** A bucket of an S3 server. */
export function createS3Objects(
  config: S3Config,
  log: Logger,
  patience = DEFAULT_PATIENCE,
): ObjectStore {
  const client = createS3Client(config, patience)
  const Bucket = config.bucket

  const calling = async <Result>(what: string, call: () => Promise<Result>): Promise<Result> => {
    try {
      return await call()
    } catch (error) {
      throw toS3StorageError(error, what)
    }
  }

  const get: ObjectStore['get'] = (key, what, part) =>
    calling(what, async () => {
      const wanted =
        part === undefined ? {} : { Range: `bytes=${part.start}-${part.end}`, IfMatch: part.tag }
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
          for (const { Key: key, Size: size = 0, LastModified, ETag: tag } of page.Contents ?? []) {
            if (key === undefined) continue
            found.push({ key, size, modifiedNs: toSeconds(LastModified), tag })
          }
          ContinuationToken = page.NextContinuationToken
          if (page.IsTruncated === true && ContinuationToken === undefined) {
            throw new Error('a listing was cut short')
          }
        } while (ContinuationToken !== undefined)
        return found
      }),
    put: async (key, { body, size, uploadId, isExclusive = false, signal }) => {
      const sent = client.send(
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
        {
          requestTimeout: uploadPatience(patience, size),
          ...(signal && { abortSignal: signal }),
        },
      )
      const output = await sent.catch((error: unknown) => {
        throw toPutFailure(error, 'upload')
      })
      return { tag: output.ETag }
    },
    remove: (key, what) =>
      calling(what, async () => {
        await client.send(new DeleteObjectCommand({ Bucket, Key: key }))
      }),
    check: () => checkBucket(client, config, log),
    canDecide: true,
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
    tag: output.ETag,
    uploadId: output.Metadata?.[UPLOAD_ID],
  }
}

function toSeconds(modified: Date | undefined): bigint {
  return BigInt(Math.floor((modified?.getTime() ?? 0) / 1000)) * 1_000_000_000n
}
