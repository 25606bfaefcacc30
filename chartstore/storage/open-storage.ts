import type { Logger } from '../../service/log.ts'
import type { ChartstorePolicy } from '../config/config.ts'
import type { Claim } from '../replicas/replicas.ts'
import { createLocalStorage } from './local-storage.ts'
import { createObjectStorage } from './object-storage.ts'
import type { Storage } from './storage.ts'
import type { StorageConfig } from './storage-config.ts'

/**
 * Opens the backend that is configured. SDKs are big: only the chosen one is loaded.
 * @throws {StartError} for what only the operator can mend.
 */
export async function openStorage(
  config: StorageConfig,
  { allowsOverwrite }: Pick<ChartstorePolicy, 'allowsOverwrite'>,
  _claim: Claim,
  log: Logger,
): Promise<Storage> {
  switch (config.kind) {
    case 'local':
      return createLocalStorage(config.dir)
    case 'amazon': {
      const { createS3Objects } = await import('./s3-objects.ts')
      return createObjectStorage({
        objects: createS3Objects(config, log),
        prefix: config.prefix,
        needsExclusiveCreate: !allowsOverwrite,
      })
    }
  }
}

/** For the log: where charts are, without anything secret. */
export function describeStorage(config: StorageConfig): string {
  switch (config.kind) {
    case 'local':
      return config.dir
    case 'amazon':
      return [`s3://${config.bucket}`, config.prefix].filter((part) => part !== '').join('/')
  }
}
