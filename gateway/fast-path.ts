import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import { countLimit } from '../service/count-limit.ts'
import type { Logger } from '../service/log.ts'
import { createTurnEnd } from '../service/turn-end.ts'
import type { Authoriser } from './access/authorise.ts'
import type { Caller } from './audit/audit-request.ts'
import { parseBasicCredential } from './auth/basic-credential.ts'
import type { Credential, CredentialVerifier, VerifyCredential } from './auth/credentials.ts'
import { ANONYMOUS, type Principal } from './auth/principal.ts'
import { type ChartRead, type ChartReads, isChartRead } from './charts/chart-reads.ts'
import { parseChartRequest } from './charts/parse-chart-request.ts'
import type { BeginRequest } from './http/begin-request.ts'
import { setCommonHeaders } from './http/common-headers.ts'
import { type OriginalRequest, sendError } from './http/send-error.ts'
import { type ReadyAnswer, sendReady } from './http/send-ready.ts'
import { addressOf, type IsTrustedProxy } from './http/trusted-proxies.ts'
import type { ProjectAccess } from './projects/repository.ts'
import { CSRF_HEADER } from './sessions/cookies.ts'
import { isProgramPath } from './sessions/program-path.ts'
import { PING, PONG } from './system/ping.ts'

/**
 * helm asks for the same few things again and again, with Basic on each request or as nobody. Who asks and what they may do in
 * the project is found out by the same functions, and without Express and passport, which cost more than all the rest, and take
 * longer to load than a start may take. What is known already is answered at once.
 *
 * It decides by the functions that they decide by, and by nothing else. Whatever it cannot say yes to is theirs: they alone
 * refuse.
 * @param handOver to Express. @returns whether it answers, or hands over later.
 */
export function createFastPath({
  peekCredential,
  verifyCredential,
  authoriser,
  chartReads,
  beginRequest,
  isTrustedProxy,
  handOver,
  log,
}: {
  peekCredential: CredentialVerifier['peek']
  verifyCredential: VerifyCredential
  authoriser: Pick<Authoriser, 'peekAllowed' | 'findAllowed'>
  chartReads: ChartReads
  beginRequest: BeginRequest
  isTrustedProxy: IsTrustedProxy
  handOver: RequestListener
  log: Logger
}): (req: IncomingMessage, res: ServerResponse) => boolean {
  const atTurnEnd = createTurnEnd()

  const begin = <Known extends object>(req: IncomingMessage, res: ServerResponse, known: Known) => {
    const ip = addressOf(req, isTrustedProxy)
    const caller = Object.assign(req, { originalUrl: req.url ?? '', ip, requestId: '', ...known })
    beginRequest(caller, res)
    return caller
  }

  const answer = (
    request: ChartRead,
    project: ProjectAccess,
    caller: OriginalRequest & Caller,
    res: ServerResponse,
  ) => {
    setCommonHeaders(caller, res)
    chartReads
      .answer(request, project, caller, res)
      .catch((error: unknown) => sendError(caller, res, error, log))
  }

  /** Express answers where this comes to nothing, by the same attempt. */
  const findOut = async (
    credential: Credential | undefined,
    request: AllowedRead,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> => {
    const caller = begin(req, res, {})
    const attempt = credential && verifyCredential(credential, caller.ip)
    const { permission, project: name } = request
    const found = await findAllowed(attempt, permission, name).catch(() => undefined)
    if (found === undefined) handOver(Object.assign(caller, attempt && { attempt }), res)
    else answer(request, found.project, Object.assign(caller, { principal: found.principal }), res)
  }

  const findAllowed = async (
    attempt: Promise<Principal> | undefined,
    permission: AllowedRead['permission'],
    name: string,
  ) => {
    const principal = attempt === undefined ? ANONYMOUS : await attempt
    const project = await authoriser.findAllowed(principal, permission, { name })
    return project && { principal, project }
  }

  return (req, res) => {
    const { authorization } = req.headers
    const credential = authorization === undefined ? undefined : parseBasicCredential(authorization)
    if (credential === undefined && !isNobody(req)) return false
    const principal = credential === undefined ? ANONYMOUS : peekCredential(credential)
    if (principal === ANONYMOUS && isPing(req)) {
      sendReady(begin(req, res, { principal }), res, PING_ANSWER)
      return true
    }
    const kept = findKept(req)
    const request = kept ?? parseRead(req)
    if (request?.permission === undefined) return false
    const { permission } = request
    const project = principal && authoriser.peekAllowed(principal, permission, request.project)
    if (principal === undefined || project === undefined) {
      void findOut(credential, { ...request, permission }, req, res)
      return true
    }
    if (kept === undefined) keepRead(req, request)
    const caller = begin(req, res, { principal })
    atTurnEnd(() => {
      const isGet = req.method === 'GET'
      const ready = isGet ? chartReads.peek(request, project, caller, res) : undefined
      if (ready !== undefined) return () => sendReady(caller, res, ready)
      answer(request, project, caller, res)
      return undefined
    })
    return true
  }
}

/** Who brings nothing that could tell who it is, where no token is handed out for a session to come. */
function isNobody({ url = '', headers }: IncomingMessage): boolean {
  const brought = [headers.authorization, headers.cookie, headers[TOKEN_HEADER]]
  return brought.every((value) => value === undefined) && isProgramPath(url)
}

const TOKEN_HEADER = CSRF_HEADER.toLowerCase()

/** What waits for a gateway to start asks nothing else. */
function isPing({ method, url }: IncomingMessage): boolean {
  return method === 'GET' && url === PING
}

const PING_ANSWER: ReadyAnswer = {
  status: 200,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(PONG.length) },
  body: PONG,
}

type AllowedRead = ChartRead & { permission: NonNullable<ChartRead['permission']> }

type Asked = Pick<IncomingMessage, 'method' | 'url'>

/** Reading a path costs more than looking it up, and the same ones are asked for: by GET, of who may read there. */
const readsOf = new LRUCache<string, ChartRead>(countLimit(10_000))
const MAX_KEPT_LENGTH = 256

function findKept({ method, url = '' }: Asked): ChartRead | undefined {
  return method === 'GET' ? readsOf.get(url) : undefined
}

function keepRead({ method, url = '' }: Asked, request: ChartRead): void {
  if (method === 'GET' && url.length <= MAX_KEPT_LENGTH) readsOf.set(url, request)
}

function parseRead({ method = '', url = '' }: Asked): ChartRead | undefined {
  try {
    const request = parseChartRequest(method, url)
    return request !== undefined && isChartRead(request) ? request : undefined
  } catch {
    return undefined
  }
}
