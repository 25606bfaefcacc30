import { type RequestHandler, Router } from 'express'
import type { MountedRouter } from './api-routers.ts'

export interface LateRouter {
  handle: RequestHandler
  /** Has them ready, if no request has asked for that yet. */
  load: () => Promise<void>
}

/** Routers that are loaded for the first request that comes to them: a gateway that starts has charts to serve first. */
export function createLateRouter(loadRouters: () => Promise<MountedRouter[]>): LateRouter {
  let loading: Promise<Router> | undefined

  const mount = async () => {
    const all = Router({ caseSensitive: true })
    for (const { path, router } of await loadRouters()) all.use(path, router)
    return all
  }
  const load = () => {
    loading ??= mount().catch((error: unknown) => {
      // what stood in the way may have gone by the next request
      loading = undefined
      throw error
    })
    return loading
  }
  return {
    handle: (req, res, next) => {
      load().then((router) => router(req, res, next), next)
    },
    load: async () => void (await load()),
  }
}
