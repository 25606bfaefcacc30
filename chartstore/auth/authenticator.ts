import type { IncomingHttpHeaders } from 'node:http'
import type { Action } from '../http/router.ts'

/** Decides whether a request may act on a repository; throws StoreError 401 with a challenge where it may not. */
export type Authenticate = (
  headers: IncomingHttpHeaders,
  action: Exclude<Action, 'none'>,
  repository: string,
) => void

/** Inside the gateway, which has decided already, and for a store that was started open, as ChartMuseum may be. */
export const allowAll: Authenticate = () => undefined
