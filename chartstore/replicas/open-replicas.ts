import type { Logger } from '../../service/log.ts'
import type { Siblings } from '../../service/siblings.ts'
import type { RedisConfig } from './redis-config.ts'
import { createLoneReplica, type Replicas } from './replicas.ts'
import { addSiblings, createSiblingReplicas } from './sibling-stores.ts'

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
  if (config === undefined) {
    return siblings === undefined ? createLoneReplica() : createSiblingReplicas(siblings)
  }
  const { createRedisReplicas } = await import('./redis-replicas.ts')
  const replicas = createRedisReplicas(config, bucket, log)
  return siblings === undefined ? replicas : addSiblings(replicas, siblings)
}
