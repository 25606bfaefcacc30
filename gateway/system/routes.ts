import type { Router } from 'express'
import type { ChangeFeed } from '../db/change.ts'
import { createRestRouter } from '../http/reply.ts'
import { createHealthCheck, type HealthProbes } from './health.ts'
import { describeSystem } from './system-info.ts'

/** `ping`, `health` and `systeminfo` (spec/harbor.md 3.9). */
export function createSystemRoutes({
  changes,
  probes,
  externalUrl,
}: {
  changes: ChangeFeed
  probes: HealthProbes
  externalUrl: string | undefined
}): Router {
  const checkHealth = createHealthCheck(probes)
  return createRestRouter(changes, {
    '/ping': { GET: () => ({ status: 200, body: 'Pong' }) },
    // always 200: what is wrong stands in the body
    '/health': { GET: async () => ({ status: 200, body: await checkHealth() }) },
    '/systeminfo': {
      GET: (req) => ({
        status: 200,
        body: describeSystem(
          req.principal,
          externalUrl ?? `${req.protocol}://${req.get('host') ?? 'localhost'}`,
        ),
      }),
    },
  })
}

/** `/api/version`: which API there is, asked by clients before all else. */
export function createVersionRoutes(changes: ChangeFeed): Router {
  return createRestRouter(changes, {
    '/': { GET: () => ({ status: 200, body: { version: 'v2.0' } }) },
  })
}
