import type { RequestListener } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { runOnce } from '../service/coalesce.ts'
import type { Logger } from '../service/log.ts'
import type { App } from './app.ts'
import { sendError } from './http/send-error.ts'

/** An app that is loaded for the first request that comes to it, Express with it: a gateway that starts has charts to serve first. */
export function createLateApp(loadApp: () => Promise<App>, log: Logger): App {
  let app: App | undefined

  const load = runOnce(async () => {
    app = await loadApp()
    return app
  })
  const handle: RequestListener = (req, res) => {
    if (app !== undefined) return app.handle(req, res)
    load().then(
      (loaded) => loaded.handle(req, res),
      (error: unknown) => sendError(req, res, error, log),
    )
  }
  const loadAll = async () => {
    const loaded = await load()
    // requests that have come meanwhile need not wait for the rest
    await nextTurn()
    await loaded.loadAll()
  }
  return { handle, loadAll }
}
