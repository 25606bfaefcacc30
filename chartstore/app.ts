import { randomUUID } from 'node:crypto'
import type { Logger } from '../service/log.ts'
import type { Authenticate } from './auth/authenticator.ts'
import type { ChartstorePolicy } from './config.ts'
import type { Answer, StoreRequest } from './http/answer.ts'
import { createRouter } from './http/router.ts'
import { answerError, StoreError } from './http/store-error.ts'
import { createProjectIndexes } from './index/project-indexes.ts'
import { createKeyedLock } from './keyed-lock.ts'
import type { Replicas } from './replicas/replicas.ts'
import { createRoutes } from './routes.ts'
import type { Storage } from './storage/storage.ts'

/** The chart store as a function: requests in, answers out, whoever carries them. */
export interface Chartstore {
  /** Never rejects. */
  dispatch: (request: StoreRequest) => Promise<Answer>
  /** Stops background work and leaves index-cache.yaml files up to date. */
  close: () => Promise<void>
}

export interface ChartstoreDeps {
  storage: Storage
  replicas: Replicas
  policy: ChartstorePolicy
  authenticate: Authenticate
  log: Logger
  version: string
}

export function createChartstore({
  storage,
  replicas,
  policy,
  authenticate,
  log,
  version,
}: ChartstoreDeps): Chartstore {
  const indexes = createProjectIndexes({
    storage,
    log,
    lock: createKeyedLock(),
    reconcileMs: policy.reconcileMs,
    keepsCacheFile: policy.keepsCacheFile,
    replicas,
  })
  const match = createRouter(createRoutes({ storage, indexes, policy, version }))

  const answer = async (request: StoreRequest): Promise<Answer> => {
    // An unknown route is 404 before credentials are looked at, as in ChartMuseum.
    const found = match(request)
    if (found === undefined) throw new StoreError(404, 'not found')
    const { route, context } = found
    if (route.action !== 'none') {
      authenticate(request.headers, route.action, context.params.repo ?? 'repo')
    }
    return route.handler(context)
  }

  return {
    dispatch: async (request) => {
      const given = request.headers['x-request-id']
      const requestId = typeof given === 'string' && given !== '' ? given : randomUUID()
      const result = await answer(request).catch((error: unknown) =>
        answerError(error, log.child({ requestId })),
      )
      return { ...result, headers: { 'x-request-id': requestId, ...result.headers } }
    },
    close: async () => {
      await indexes.close()
      await replicas.close()
    },
  }
}
