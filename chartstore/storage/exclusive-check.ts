import { randomUUID } from 'node:crypto'
import { StartError } from '../../service/start-error.ts'
import type { ObjectKeys } from './object-keys.ts'
import { type ObjectStore, PutFailure } from './object-store.ts'

const NO_EXCLUSIVE_CREATE =
  'this object store does not honour exclusive create (in S3 "If-None-Match: *"), which decides who of two uploads comes first: ' +
  'set ALLOW_OVERWRITE=true, or use a server that does'

/**
 * Makes sure that the server refuses to create what is there: some read past the condition, and would overwrite.
 * Asked once, before the first exclusive create.
 * @throws {StartError} where it does not. Whatever else fails is thrown as StorageError.
 */
export function createExclusiveCheck(objects: ObjectStore, keys: ObjectKeys): () => Promise<void> {
  let passed: Promise<void> | undefined
  const check = async () => {
    const key = keys.probe(randomUUID())
    const create = () =>
      objects.put(key, { body: Buffer.from('probe'), size: 5, isExclusive: true })
    try {
      await create()
      await create()
    } catch (error) {
      if (!(error instanceof PutFailure)) throw error
      if (error.fault === 'taken' || error.fault === 'conflict') return
      if (error.fault !== 'unknown request') throw error.storageError
      throw new StartError(NO_EXCLUSIVE_CREATE, { cause: error })
    } finally {
      await objects.remove(key, 'probe').catch(() => undefined)
    }
    throw new StartError(NO_EXCLUSIVE_CREATE)
  }
  return () => {
    passed ??= check().catch((error: unknown) => {
      passed = undefined
      throw error
    })
    return passed
  }
}
