import { type Chartstore, type ChartstoreDeps, createChartstore } from './app.ts'
import type { ChartstoreConfig } from './config/config.ts'
import { openReplicas } from './replicas/open-replicas.ts'
import { describeStorage, openStorage } from './storage/open-storage.ts'
import { keepSmallFiles } from './storage/small-files.ts'

/** A chart store with the storage and the replica set that are configured. @throws {StartError} */
export async function openChartstore(
  config: ChartstoreConfig,
  deps: Omit<ChartstoreDeps, 'storage' | 'replicas' | 'policy'>,
): Promise<Chartstore> {
  const { log } = deps
  const replicas = await openReplicas(config.redis, describeStorage(config.storage), log)
  try {
    const storage = await openStorage(config.storage, config.policy, replicas.claim, log)
    // elsewhere a look at a file costs as much as the file
    const files = config.storage.kind === 'local' ? { getFile: keepSmallFiles(storage) } : {}
    return createChartstore({ ...deps, storage, ...files, replicas, policy: config.policy })
  } catch (error) {
    await replicas.close()
    throw error
  }
}
