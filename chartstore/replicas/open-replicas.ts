import type { Logger } from '../../service/log.ts'
import type { Siblings } from '../../service/siblings.ts'
import type { RedisConfig } from './redis-config.ts'
import { createLoneReplica, type Replicas } from './replicas.ts'

/**
 * @param bucket names the storage that the replicas share.
 * @param siblings other processes of this machine that share it too. Where there is a Redis it tells them the changes.
 */
export async function openReplicas(
  config: RedisConfig | undefined,
  bucket: string,
  siblings: Siblings | undefined,
  log: Logger,
): Promise<Replicas> {
  const shared = config && (await openRedisReplicas(config, bucket, log))
  if (siblings === undefined) return shared ?? createLoneReplica()
  const { addSiblings, createSiblingReplicas } = await import('./sibling-stores.ts')
  return shared === undefined ? createSiblingReplicas(siblings) : addSiblings(shared, siblings)
}

async function openRedisReplicas(config: RedisConfig, bucket: string, log: Logger) {
  const { createRedisReplicas } = await import('./redis-replicas.ts')
  return createRedisReplicas(config, bucket, log)
}
