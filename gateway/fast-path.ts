import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from '../service/log.ts'
import type { RepeatedRequest } from '../service/repeated-request.ts'
import { createRepeats, type Repeats } from '../service/repeats.ts'
import { createTurnEnd } from '../service/turn-end.ts'
import type { Authoriser } from './access/authorise.ts'
import type { Caller } from './audit/audit-request.ts'
import { parseBasicCredential } from './auth/basic-credential.ts'
import type { Credential, CredentialVerifier, VerifyCredential } from './auth/credentials.ts'
import { ANONYMOUS, type Principal } from './auth/principal.ts'
import { type AllowedRead, findKept, keepRead, parseRead } from './charts/allowed-reads.ts'
import type { ChartRead, ChartReads } from './charts/chart-reads.ts'
import type { BeginRequest } from './http/begin-request.ts'
import { setCommonHeaders } from './http/common-headers.ts'
import { type OriginalRequest, sendError } from './http/send-error.ts'
import { listHeaders, type ReadyAnswer, sendReady } from './http/send-ready.ts'
import { selectStoreHeaders } from './http/store-headers.ts'
import { addressOf, type IsTrustedProxy } from './http/trusted-proxies.ts'
import type { ProjectAccess } from './projects/repository.ts'
import { CSRF_HEADER } from './sessions/cookies.ts'
import { isProgramPath } from './sessions/program-path.ts'
import { PING, PONG } from './system/ping.ts'

export interface FastPath {
  /** @returns whether it answers, or hands over later. */
  answer: (req: IncomingMessage, res: ServerResponse) => boolean
  /** Requests that come again are answered past node:http. */
  watch: Repeats<KnownRead>['watch']
}

/** What a request means that has been answered from memory. Whether it may still be is asked each time. */
interface KnownRead {
  read: AllowedRead
  /** undefined: nobody's. */
  credentialKey: string | undefined
  /** With the headers that decide about the answer. */
  asked: Pick<OriginalRequest, 'method' | 'url' | 'headers'> & { ip: string }
}

/**
 * helm asks for the same few things again and again, with Basic on each request or as nobody. Who asks and what they may do in
 * the project is found out by the same functions, and without Express and passport, which cost more than all the rest, and take
 * longer to load than a start may take. What is known already is answered at once.
 *
 * It decides by the functions that they decide by, and by nothing else. Whatever it cannot say yes to is theirs: they alone
 * refuse.
 * @param handOver to Express.
 */
export function createFastPath({
  keyOfCredential,
  peekCredential,
  verifyCredential,
  authoriser,
  chartReads,
  beginRequest,
  isTrustedProxy,
  handOver,
  log,
}: {
  keyOfCredential: CredentialVerifier['keyOf']
  peekCredential: CredentialVerifier['peek']
  verifyCredential: VerifyCredential
  authoriser: Pick<Authoriser, 'peekAllowed' | 'findAllowed'>
  chartReads: ChartReads
  beginRequest: BeginRequest
  isTrustedProxy: IsTrustedProxy
  handOver: RequestListener
  log: Logger
}): FastPath {
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

  /** Who it is, and the project, where both are known and the principal may read there. */
  const peekAllowed = (key: string | undefined, { permission, project: name }: AllowedRead) => {
    const principal = key === undefined ? ANONYMOUS : peekCredential(key)
    const project = principal && authoriser.peekAllowed(principal, permission, name)
    return project && { principal, project }
  }

  const answerRepeated = (known: KnownRead, repeated: RepeatedRequest): void => {
    const { read, credentialKey, asked } = known
    const found = peekAllowed(credentialKey, read)
    if (found === undefined) {
      repeated.decline()
      return
    }
    const { principal, project } = found
    const caller = { ...asked, principal, requestId: '' }
    beginRequest(caller, repeated)
    atTurnEnd(() => {
      if (repeated.isOver()) return undefined
      const ready = chartReads.peek(read, project, caller)
      if (ready === undefined || !isWhole(ready.body)) {
        repeated.decline()
        return undefined
      }
      const { status, headers, body } = ready
      chartReads.record(read, project, caller, repeated)
      return () => repeated.send(status, listHeaders(caller, headers), body)
    })
  }
  const repeats = createRepeats(answerRepeated)

  const answerFast = (req: IncomingMessage, res: ServerResponse): boolean => {
    const { authorization } = req.headers
    const credential = authorization === undefined ? undefined : parseBasicCredential(authorization)
    if (credential === undefined && !isNobody(req)) return false
    if (credential === undefined && isPing(req)) {
      sendReady(begin(req, res, { principal: ANONYMOUS }), res, PING_ANSWER)
      return true
    }
    const kept = findKept(req)
    const read = kept ?? parseRead(req)
    if (read === undefined) return false
    const credentialKey = credential && keyOfCredential(credential)
    const found = peekAllowed(credentialKey, read)
    if (found === undefined) {
      void findOut(credential, read, req, res)
      return true
    }
    const { principal, project } = found
    if (kept === undefined) keepRead(req, read)
    const caller = begin(req, res, { principal })
    const learn = repeats.learn(req, res)
    atTurnEnd(() => {
      const isGet = req.method === 'GET'
      const ready = isGet ? chartReads.peek(read, project, caller) : undefined
      if (ready === undefined) {
        answer(read, project, caller, res)
        return undefined
      }
      if (isWhole(ready.body)) {
        learn(() => ({ read, credentialKey, asked: whatDecides(caller) }))
      }
      chartReads.record(read, project, caller, res)
      return () => sendReady(caller, res, ready)
    })
    return true
  }

  return { answer: answerFast, watch: repeats.watch }
}

/** Long ones are sent part by part, as fast as they are taken. */
function isWhole(body: ReadyAnswer['body']): body is Buffer | string | undefined {
  return !Array.isArray(body)
}

/** The rest, and a credential above all, is not kept. */
function whatDecides({ method, url, headers, ip }: KnownRead['asked']) {
  const { 'x-request-id': given } = headers
  const kept = { ...selectStoreHeaders(headers), ...(given && { 'x-request-id': given }) }
  return { method, url, headers: kept, ip }
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
