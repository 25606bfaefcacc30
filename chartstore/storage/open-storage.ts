import type { Logger } from '../../service/log.ts'
import type { ChartstorePolicy } from '../config/config.ts'
import type { Replicas } from '../replicas/replicas.ts'
import { createLocalPaths } from './local-paths.ts'
import { createLocalReader } from './local-reader.ts'
import { createLocalStorage, recoverLocalStorage } from './local-storage.ts'
import type { ObjectStore } from './object-store.ts'
import type { Storage, StorageReader } from './storage.ts'
import type { StorageConfig } from './storage-config.ts'

/**
 * Opens the backend that is configured. SDKs are big: only the chosen one is loaded.
 * @param claim what decides between two uploads where the backend cannot.
 * @throws {StartError} for what only the operator can mend.
 */
export async function openStorage(
  config: StorageConfig,
  { allowsOverwrite }: Pick<ChartstorePolicy, 'allowsOverwrite'>,
  claim: Replicas['claim'],
  log: Logger,
): Promise<Storage> {
  const open = async (objects: ObjectStore, prefix: string) => {
    const { createObjectStorage } = await import('./object-storage.ts')
    return createObjectStorage({ objects, prefix, needsExclusiveCreate: !allowsOverwrite, claim })
  }

  switch (config.kind) {
    case 'local':
      return createLocalStorage(config.dir)
    case 'amazon':
    case 'alibaba':
    case 'baidu':
    case 'oracle':
    case 'tencent': {
      const { createS3Objects } = await import('./s3-objects.ts')
      return open(createS3Objects(config, log), config.prefix)
    }
    case 'google': {
      const { createGcsObjects } = await import('./gcs-objects.ts')
      return open(createGcsObjects(config, log), config.prefix)
    }
    case 'microsoft': {
      const { createAzureObjects } = await import('./azure-objects.ts')
      return open(createAzureObjects(config, log), config.prefix)
    }
    case 'openstack': {
      const { createSwiftObjects } = await import('./swift-objects.ts')
      return open(createSwiftObjects(config, log), config.prefix)
    }
  }
}

/** Finishes or takes back what a process was publishing when it died; others on the same storage may be running. */
export async function recoverStorage(config: StorageConfig): Promise<void> {
  // what was put into a bucket halfway is found by listings
  if (config.kind === 'local') await recoverLocalStorage(config.dir)
}

/**
 * Opens what is configured for reading alone: of a directory that is not ours nothing is changed, and a bucket need not
 * be able to refuse. @throws {StartError}
 */
export async function openStorageReader(
  config: StorageConfig,
  log: Logger,
): Promise<StorageReader> {
  if (config.kind === 'local') return createLocalReader(createLocalPaths(config.dir))
  return openStorage(config, { allowsOverwrite: true }, undefined, log)
}

/** For the log: where charts are, without anything secret. */
export function describeStorage(config: StorageConfig): string {
  switch (config.kind) {
    case 'local':
      return config.dir
    case 'microsoft':
      return place('microsoft', `${config.account}/${config.container}`, config.prefix)
    case 'openstack':
      return place('openstack', config.container, config.prefix)
    case 'amazon':
      return place('s3', config.bucket, config.prefix)
    default:
      return place(config.kind, config.bucket, config.prefix)
  }
}

function place(scheme: string, bucket: string, prefix: string): string {
  return [`${scheme}://${bucket}`, prefix].filter((part) => part !== '').join('/')
}
