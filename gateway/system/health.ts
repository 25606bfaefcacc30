import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'

/** Each resolves when its part of the system answers. */
export type HealthProbes = Readonly<Record<string, () => Promise<unknown>>>

const status = z.enum(['healthy', 'unhealthy'])

export const healthModel = z
  .object({
    status,
    components: z.array(z.object({ name: z.string(), status, error: z.string().optional() })),
  })
  .meta({ id: 'Health' })

type Health = z.output<typeof healthModel>
type Component = Health['components'][number]

const LIMIT_MS = 3_000

/** Nobody needs to sign in to ask: however many do, each part is asked once in this time. */
const REMEMBERED_MS = 1_000

/** Harbor's `/health`: every part by name, and whether all are well. */
export function createHealthCheck(probes: HealthProbes): () => Promise<Health> {
  let latest: { askedAt: number; health: Promise<Health> } | undefined
  return () => {
    const now = performance.now()
    if (latest === undefined || now - latest.askedAt > REMEMBERED_MS) {
      latest = { askedAt: now, health: checkAll(probes) }
    }
    return latest.health
  }
}

async function checkAll(probes: HealthProbes): Promise<Health> {
  const names = Object.keys(probes).sort()
  const components = await Promise.all(names.map((name) => check(name, probes[name])))
  const isHealthy = components.every(({ status }) => status === 'healthy')
  return { status: isHealthy ? 'healthy' : 'unhealthy', components }
}

async function check(name: string, probe: HealthProbes[string] | undefined): Promise<Component> {
  const limit = new AbortController()
  const late = async (): Promise<never> => {
    await delay(LIMIT_MS, undefined, { signal: limit.signal })
    throw new Error('no answer in time')
  }
  try {
    await Promise.race([probe?.(), late()])
    return { name, status: 'healthy' }
  } catch (error) {
    return { name, status: 'unhealthy', error: error instanceof Error ? error.message : 'failed' }
  } finally {
    limit.abort()
  }
}
