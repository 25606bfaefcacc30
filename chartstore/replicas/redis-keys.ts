import { createHash } from 'node:crypto'

/**
 * The keys in Redis. All begin with the prefix and a mark of the bucket, so that stores on other buckets and other
 * programs (ChartMuseum's keys are bare project names) never meet them, and all are in one slot of a cluster:
 *
 *     {<prefix>:<bucket>}:index:<project>   hash: file name -> index entry as JSON
 *     {<prefix>:<bucket>}:feed              hash: revision (rises with each change), epoch (another one after a loss)
 *     {<prefix>:<bucket>}:changes           stream of the last changes
 *     {<prefix>:<bucket>}:claim:<key>       a lock, where the object store cannot decide who comes first
 */
export interface RedisKeys {
  index: (project: string) => string
  feed: string
  changes: string
  claim: (key: string) => string
}

export function createRedisKeys(prefix: string, bucket: string): RedisKeys {
  const mark = createHash('sha256').update(bucket).digest('hex').slice(0, 12)
  const root = `{${prefix}:${mark}}`
  return {
    index: (project) => `${root}:index:${project}`,
    feed: `${root}:feed`,
    changes: `${root}:changes`,
    claim: (key) => `${root}:claim:${key}`,
  }
}
