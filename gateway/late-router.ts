import { type RequestHandler, Router } from 'express'
import { runOnce } from '../service/coalesce.ts'
import type { MountedRouter } from './api-routers.ts'

export interface LateRouter {
  handle: RequestHandler
  /** Has them ready, if no request has asked for that yet. */
  load: () => Promise<void>
}

/** Routers that are loaded for the first request that comes to them: a gateway that starts has charts to serve first. */
export function createLateRouter(loadRouters: () => Promise<MountedRouter[]>): LateRouter {
  const load = runOnce(async () => {
    const all = Router({ caseSensitive: true })
    for (const { path, router } of await loadRouters()) all.use(path, router)
    return all
  })
  return {
    handle: (req, res, next) => {
      load().then((router) => router(req, res, next), next)
    },
    load: async () => void (await load()),
  }
}
