import type { Siblings } from '../service/siblings.ts'
import { type Chartstore, type ChartstoreDeps, createChartstore } from './app.ts'
import type { ChartstoreConfig } from './config/config.ts'
import { openReplicas } from './replicas/open-replicas.ts'
import { describeStorage, openStorage } from './storage/open-storage.ts'

/** What the configuration decides is opened here; what it leaves out is not even loaded. */
type OpenDeps = Omit<ChartstoreDeps, 'storage' | 'replicas' | 'policy' | 'createMetrics'> & {
  hasMetrics?: boolean
}

/**
 * A chart store with the storage and the replica set that are configured.
 * @param siblings other processes of this machine that have one too. @throws {StartError}
 */
export async function openChartstore(
  config: ChartstoreConfig,
  { hasMetrics = false, ...deps }: OpenDeps,
  siblings?: Siblings,
): Promise<Chartstore> {
  const { log } = deps
  const bucket = describeStorage(config.storage)
  const replicas = await openReplicas(config.redis, bucket, siblings, log)
  try {
    const storage = await openStorage(config.storage, config.policy, replicas.claim, log)
    const createMetrics = hasMetrics ? await loadMetrics() : undefined
    return createChartstore({ ...deps, storage, replicas, createMetrics, policy: config.policy })
  } catch (error) {
    await replicas.close()
    throw error
  }
}

async function loadMetrics() {
  const { createMetrics } = await import('./metrics/metrics.ts')
  return createMetrics
}
