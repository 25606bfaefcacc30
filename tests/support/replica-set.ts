import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { buildChart } from './chart-package.ts'
import { eventually } from './eventually.ts'
import { type RunningProgram, startStoreProcess } from './running-chartgate.ts'
import { type S3Server, startS3Server } from './s3-server.ts'
import { listEntries, postRaw, readIndex } from './store-client.ts'

export interface ReplicaSet {
  bucket: S3Server
  stores: RunningProgram[]
}

/** Stores on one bucket. @param envs one a store. */
export async function startReplicas(
  t: TestContext,
  envs: readonly Record<string, string>[],
): Promise<ReplicaSet> {
  const bucket = await startS3Server(t)
  const stores = await Promise.all(
    envs.map((env) => startStoreProcess(t, { ...bucket.env, ...env })),
  )
  return { bucket, stores }
}

export const redisEnv = (address: string) => ({ CACHE: 'redis', CACHE_REDIS_ADDR: address })

/** Uploads a small chart and tells its status. */
export async function upload(
  store: RunningProgram,
  name: string,
  version: string,
  description = '',
): Promise<number> {
  const bytes = await buildChart({ name, version, metadata: { description } })
  return (await postRaw(`${store.url}/api/p/charts`, bytes)).status
}

/** Waits until every store lists the same, and says what. */
export async function agree(
  stores: readonly RunningProgram[],
  limitMs?: number,
): Promise<string[]> {
  return eventually(async () => {
    const lists = await Promise.all(
      stores.map(async ({ url }) => listEntries(await readIndex(`${url}/p`))),
    )
    for (const list of lists) assert.deepEqual(list, lists[0])
    return lists[0] ?? []
  }, limitMs)
}

/** Every entry of every store has a file with that very digest. */
export async function assertTrue(stores: readonly RunningProgram[]): Promise<void> {
  for (const { url } of stores) {
    for (const { urls, digest } of Object.values((await readIndex(`${url}/p`)).entries).flat()) {
      const response = await fetch(`${url}/p/${urls[0]}`)
      assert.equal(response.status, 200, urls[0])
      const bytes = Buffer.from(await response.arrayBuffer())
      assert.equal(createHash('sha256').update(bytes).digest('hex'), digest, urls[0])
    }
  }
}
