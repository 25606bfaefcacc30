import { randomBytes } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import { pino } from 'pino'
import {
  createObjectStorage,
  type ObjectStorageOptions,
} from '../../chartstore/storage/object-storage.ts'
import type { S3Config } from '../../chartstore/storage/s3-config.ts'
import { createS3Objects } from '../../chartstore/storage/s3-objects.ts'
import type { Storage } from '../../chartstore/storage/storage.ts'
import { makeFolder } from './folder.ts'
import { findFreePort } from './free-port.ts'
import { clientPath } from './real-clients.ts'
import { startServerProcess } from './server-process.ts'

export interface S3Server {
  url: string
  bucket: string
  /** The variables of a chart store on this bucket, its credential included. */
  env: Record<string, string>
  /** Another program's access to the bucket. */
  client: S3Client
  stop: () => Promise<void>
  /** Starts it again, on the same port and objects. */
  restart: () => Promise<void>
}

// The tests' own credential, for the SDK's chain in this process too.
const ACCESS_KEY = 'chartgate-test'
const SECRET_KEY = randomBytes(16).toString('hex')
process.env.AWS_ACCESS_KEY_ID = ACCESS_KEY
process.env.AWS_SECRET_ACCESS_KEY = SECRET_KEY
// Without this the chain also asks a metadata service that is not there.
process.env.AWS_EC2_METADATA_DISABLED = 'true'

/**
 * A real S3 server (versitygw over a folder) with one empty bucket, until the test ends.
 * @param virtualDomain where set it answers requests to <bucket>.<virtualDomain> too.
 */
export async function startS3Server(
  t: TestContext,
  { region = 'us-east-1', virtualDomain = '' } = {},
): Promise<S3Server> {
  const folder = await makeFolder(t)
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const bucket = 'charts'
  const data = join(folder, 'data')
  const sidecar = join(folder, 'sidecar')
  await mkdir(data)
  await mkdir(sidecar)
  const args = ['--port', `127.0.0.1:${port}`, '--access', ACCESS_KEY, '--secret', SECRET_KEY]
  args.push('--region', region)
  if (virtualDomain !== '') args.push('--virtual-domain', virtualDomain)
  const start = () =>
    startServerProcess(
      t,
      clientPath('versitygw'),
      [...args, '--quiet', '--keep-alive', 'posix', '--sidecar', sidecar, data],
      { port, folder, logFile: join(folder, 'server.log') },
    )
  let server = await start()
  const client = new S3Client({
    endpoint: url,
    region,
    forcePathStyle: true,
    // Tests put many small objects at once: they wait for each other in here, without a warning.
    requestHandler: { httpAgent: { maxSockets: 16 }, socketAcquisitionWarningTimeout: 60_000 },
  })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  t.after(() => client.destroy())
  return {
    url,
    bucket,
    env: {
      STORAGE: 'amazon',
      STORAGE_AMAZON_BUCKET: bucket,
      STORAGE_AMAZON_ENDPOINT: url,
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
    },
    client,
    stop: () => server.stop(),
    restart: async () => {
      server = await start()
    },
  }
}

/** Puts an object as another program would. */
export async function putObject(
  { client, bucket }: S3Server,
  key: string,
  content: Buffer | string,
): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }))
}

/** Bytes of all objects whose keys begin so. */
export async function listSizes(
  { client, bucket }: Pick<S3Server, 'client' | 'bucket'>,
  prefix = '',
): Promise<{ key: string; size: number }[]> {
  const found: { key: string; size: number }[] = []
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key: key = '', Size: size = 0 } of page.Contents ?? []) found.push({ key, size })
  }
  return found
}

/** All keys of the bucket. */
export async function listKeys(server: Pick<S3Server, 'client' | 'bucket'>): Promise<string[]> {
  return (await listSizes(server)).map(({ key }) => key).sort()
}

/** The names of a project's files in the bucket. */
export async function listProjectKeys(server: S3Server, project: string): Promise<string[]> {
  const start = `${project}/`
  const keys = await listKeys(server)
  return keys.filter((key) => key.startsWith(start)).map((key) => key.slice(start.length))
}

/** Copies a project's files into a folder, with the times that the server tells. */
export async function copyFromBucket(
  server: S3Server,
  project: string,
  folder: string,
): Promise<void> {
  const { client, bucket } = server
  await mkdir(folder, { recursive: true })
  await pLimit(16).map(await listProjectKeys(server, project), async (name) => {
    const object = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: `${project}/${name}` }),
    )
    const path = join(folder, name)
    await writeFile(path, (await object.Body?.transformToByteArray()) ?? '')
    await utimes(path, object.LastModified ?? 0, object.LastModified ?? 0)
  })
}

export function s3Config(server: { url: string; bucket: string }, changes: Partial<S3Config> = {}) {
  return {
    kind: 'amazon',
    bucket: server.bucket,
    prefix: '',
    region: 'us-east-1',
    endpoint: server.url,
    encryption: undefined,
    usesPathStyle: true,
    verifiesCertificate: true,
    ...changes,
  } satisfies S3Config
}

/** The store's own storage on a server, in this process. */
export async function openS3Storage(
  t: TestContext,
  server: { url: string; bucket: string },
  {
    config = s3Config(server),
    ...changes
  }: Partial<ObjectStorageOptions> & { config?: S3Config } = {},
): Promise<{ storage: Storage }> {
  const storage = await createObjectStorage({
    objects: createS3Objects(config, pino({ level: 'silent' }), changes.patience),
    prefix: config.prefix,
    needsExclusiveCreate: true,
    tempDir: await makeFolder(t),
    ...changes,
  })
  return { storage }
}
