import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import type { S3Config } from './s3-config.ts'
import { isTransient, statusOf } from './s3-errors.ts'

/**
 * Looks whether the bucket can be listed. A server that cannot be reached is no reason not to start: until it is back
 * charts are answered 503, and everything else works.
 * @throws {StartError} for what only the operator can mend.
 */
export async function checkBucket(client: S3Client, config: S3Config, log: Logger): Promise<void> {
  const { bucket, region, endpoint } = config
  try {
    await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (isTransient(error)) {
      log.warn({ err: error, bucket }, 'the object store is not available')
      return
    }
    const place = endpoint ?? `Amazon S3 in ${region}`
    throw new StartError(
      `${explain(error, config)} (${place} says ${error.name}: ${error.message})`,
      {
        cause: error,
      },
    )
  }
}

function explain(error: Error, { kind, bucket, region }: S3Config): string {
  const status = statusOf(error)
  if (error.name === 'NoSuchBucket') {
    return `STORAGE_${kind.toUpperCase()}_BUCKET: there is no bucket "${bucket}": create it, it is not made by itself`
  }
  if (error.name === 'CredentialsProviderError') {
    return 'there are no credentials for the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another source of the AWS SDK'
  }
  if (status === 301 || REGION_FAULTS.has(error.name)) {
    const setting = kind === 'amazon' || kind === 'oracle' ? 'REGION' : 'ENDPOINT'
    return `STORAGE_${kind.toUpperCase()}_${setting}: the bucket "${bucket}" is not in "${region}"`
  }
  return `the object store refuses to list the bucket "${bucket}": check the credentials and their permissions (ListBucket, GetObject, PutObject, DeleteObject)`
}

const REGION_FAULTS = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
])
