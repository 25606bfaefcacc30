import type { IncomingMessage, ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import proxyAddress from 'proxy-addr'
import type { Logger } from '../service/log.ts'
import { createTurnEnd } from '../service/turn-end.ts'
import type { Authoriser } from './access/authorise.ts'
import type { Caller } from './audit/audit-request.ts'
import { parseBasicCredential } from './auth/basic-strategy.ts'
import type { CredentialVerifier } from './auth/credentials.ts'
import { type ChartRead, type ChartReads, isChartRead } from './charts/chart-reads.ts'
import { parseChartRequest } from './charts/parse-chart-request.ts'
import { setCommonHeaders } from './http/common-headers.ts'
import { chooseRequestId } from './http/request-id.ts'
import { type OriginalRequest, sendError } from './http/send-error.ts'
import { sendReady } from './http/send-ready.ts'

/**
 * helm asks for the same few things again and again, with Basic on each request. What is known already of who asks and
 * of the project is enough to answer that before Express and passport, which cost more than all the rest.
 *
 * It decides by the functions that they decide by, and by nothing else. Whatever it cannot say yes to at once it declines,
 * untouched: they ask the database, and they alone refuse.
 * @returns whether it answers.
 */
export function createFastPath({
  peekCredential,
  authoriser,
  chartReads,
  logRequest,
  isTrustedProxy,
  log,
}: {
  peekCredential: CredentialVerifier['peek']
  authoriser: Pick<Authoriser, 'peekAllowed'>
  chartReads: ChartReads
  logRequest: (req: OriginalRequest & Partial<Caller>, res: ServerResponse) => void
  /** Express's rule, by which it reads `req.ip`. */
  isTrustedProxy: (address: string, hops: number) => boolean
  log: Logger
}): (req: IncomingMessage, res: ServerResponse) => boolean {
  const atTurnEnd = createTurnEnd()

  return (req, res) => {
    const { method, headers } = req
    const { authorization } = headers
    if (authorization === undefined) return false
    const credential = parseBasicCredential(authorization)
    const principal = credential && peekCredential(credential)
    if (principal === undefined) return false
    const request = readRequest(req)
    if (request?.permission === undefined) return false
    const project = authoriser.peekAllowed(principal, request.permission, request.project)
    if (project === undefined) return false

    const caller = Object.assign(req, {
      originalUrl: req.url ?? '',
      principal,
      ip: proxyAddress(req, isTrustedProxy),
      requestId: chooseRequestId(req),
    })
    logRequest(caller, res)
    atTurnEnd(() => {
      const ready = method === 'GET' ? chartReads.peek(request, project, caller, res) : undefined
      if (ready !== undefined) return () => sendReady(caller, res, ready)
      setCommonHeaders(caller, res)
      chartReads
        .answer(request, project, caller, res)
        .catch((error: unknown) => sendError(caller, res, error, log))
      return undefined
    })
    return true
  }
}

function readRequest({ method = '', url = '' }: IncomingMessage): ChartRead | undefined {
  if (method !== 'GET' || url.length > MAX_KEPT_LENGTH) return parseRead(method, url)
  return readsOf.memo(url) || undefined
}

/** Reading a path costs more than looking it up, and the same ones are asked for: by GET, by who is known. */
const readsOf = new LRUCache<string, ChartRead | false>({
  max: 10_000,
  memoMethod: (url) => parseRead('GET', url) ?? false,
})
const MAX_KEPT_LENGTH = 256

function parseRead(method: string, url: string): ChartRead | undefined {
  try {
    const request = parseChartRequest(method, url)
    return request !== undefined && isChartRead(request) ? request : undefined
  } catch {
    return undefined
  }
}
