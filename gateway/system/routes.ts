import { z } from 'zod'
import { operation } from '../http/operation.ts'
import type { Routes } from '../http/rest-router.ts'
import type { LiveSettings } from '../settings/settings.ts'
import { createHealthCheck, type HealthProbes, healthModel } from './health.ts'
import { PONG } from './ping.ts'
import { describeSystem, systemModel } from './system-info.ts'

/** `ping`, `health` and `systeminfo` (spec/harbor.md 3.9). */
export function createSystemRoutes({
  probes,
  settings,
  externalUrl,
}: {
  probes: HealthProbes
  settings: Pick<LiveSettings, 'read'>
  externalUrl: string | undefined
}): Routes {
  const checkHealth = createHealthCheck(probes)
  return {
    '/ping': {
      GET: operation({
        summary: 'Answer, if nothing else',
        answer: z.string(),
        handle: () => ({ body: PONG }),
      }),
    },
    '/health': {
      GET: operation({
        summary: 'Tell how the parts are: always 200, what is wrong stands in the body',
        answer: healthModel,
        handle: async () => ({ body: await checkHealth() }),
      }),
    },
    '/systeminfo': {
      GET: operation({
        summary: 'Tell of this installation',
        answer: systemModel,
        handle: async ({ req }) => ({
          body: describeSystem(
            req.principal,
            await settings.read(),
            externalUrl ?? `${req.protocol}://${req.get('host') ?? 'localhost'}`,
          ),
        }),
      }),
    },
  }
}

/** `/api/version`: which API there is, asked by clients before all else. */
export const versionRoutes: Routes = {
  '/': {
    GET: operation({
      summary: 'Tell which API there is',
      answer: z.object({ version: z.string() }).meta({ id: 'ApiVersion' }),
      handle: () => ({ body: { version: 'v2.0' } }),
    }),
  },
}
