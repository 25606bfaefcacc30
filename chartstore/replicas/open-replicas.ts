import type { Logger } from '../../service/log.ts'
import type { RedisConfig } from './redis-config.ts'
import { createLoneReplica, type Replicas } from './replicas.ts'

/** @param bucket names the storage that the replicas share. */
export async function openReplicas(
  config: RedisConfig | undefined,
  bucket: string,
  log: Logger,
): Promise<Replicas> {
  if (config === undefined) return createLoneReplica()
  const { createRedisReplicas } = await import('./redis-replicas.ts')
  return createRedisReplicas(config, bucket, log)
}
