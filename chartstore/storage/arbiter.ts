import { randomUUID } from 'node:crypto'
import { runOnce } from '../../service/coalesce.ts'
import { StartError } from '../../service/start-error.ts'
import type { Claim } from '../replicas/replicas.ts'
import type { ObjectKeys } from './object-keys.ts'
import { type ObjectStore, PutFailure } from './object-store.ts'

/** Who decides which of two uploads of one file comes first: the server by exclusive create, or a claim of all stores. */
export type Arbiter = { kind: 'server' } | { kind: 'claim'; claim: Claim }

const NOBODY_DECIDES =
  'this object store cannot decide who of two uploads comes first (in S3 by "If-None-Match: *"; Swift never can): ' +
  'set CACHE=redis, so that a lock in Redis decides, or ALLOW_OVERWRITE=true'

/**
 * Finds the arbiter, once, before the first upload that may be refused. That the server refuses to create what is there is
 * proven: some read past the condition, and would overwrite.
 * @throws {StartError} where there is none. Whatever else fails is thrown as StorageError.
 */
export function createArbiterSearch(
  objects: ObjectStore,
  keys: ObjectKeys,
  claim: Claim | undefined,
): () => Promise<Arbiter> {
  return runOnce(async () => {
    if (objects.canDecide && (await refusesToOverwrite(objects, keys.probe(randomUUID())))) {
      return { kind: 'server' }
    }
    if (claim === undefined) throw new StartError(NOBODY_DECIDES)
    return { kind: 'claim', claim }
  })
}

async function refusesToOverwrite(objects: ObjectStore, key: string): Promise<boolean> {
  const create = () => objects.put(key, { body: Buffer.from('probe'), size: 5, isExclusive: true })
  try {
    await create()
    await create()
    return false
  } catch (error) {
    if (!(error instanceof PutFailure)) throw error
    if (error.fault === 'taken' || error.fault === 'conflict') return true
    if (error.fault === 'unknown request') return false
    throw error.storageError
  } finally {
    await objects.remove(key, 'probe').catch(() => undefined)
  }
}
