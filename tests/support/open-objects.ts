import { readdir } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import type { Claim } from '../../chartstore/replicas/replicas.ts'
import { createObjectStorage } from '../../chartstore/storage/object-storage.ts'
import type { ObjectStore } from '../../chartstore/storage/object-store.ts'
import { makeFolder } from './folder.ts'
import type { OpenedStorage } from './storage-rules.ts'

/** A storage that never overwrites unless told, on a bucket. @param keys all keys of the bucket. */
export async function openObjects(
  t: TestContext,
  objects: ObjectStore,
  keys: () => Promise<string[]>,
  claim?: Claim,
): Promise<OpenedStorage> {
  const tempDir = await makeFolder(t)
  const storage = await createObjectStorage({
    objects,
    prefix: '',
    needsExclusiveCreate: true,
    claim,
    tempDir,
  })
  const waiting = async () => readdir(tempDir, { recursive: true, withFileTypes: true })
  return {
    storage,
    leftovers: async () => [
      ...(await waiting()).filter((entry) => entry.isFile()).map(({ name }) => name),
      ...(await keys()).filter((key) => !/^[^/.]+\/[^/]+$/.test(key)),
    ],
  }
}
