import type { Answer, StoreRequest } from './answer.ts'

type Dispatch = (request: StoreRequest) => Promise<Answer>

/**
 * Lets scripts of web pages of these origins use the store. Preflights are answered for every path, before credentials
 * are looked at: browsers send none with them.
 * @param origins `*` is any, which browsers then allow without credentials of their own.
 */
export function withCors(dispatch: Dispatch, origins: ReadonlySet<string>): Dispatch {
  if (origins.size === 0) return dispatch
  return async (request) => {
    const origin = findAllowed(origins, request.headers.origin)
    const isPreflight =
      request.method === 'OPTIONS' && 'access-control-request-method' in request.headers
    const answer = isPreflight ? PREFLIGHT : await dispatch(request)
    const vary = [answer.headers.vary, origins.has('*') ? undefined : 'Origin']
      .filter((name) => name !== undefined)
      .join(', ')
    return {
      ...answer,
      headers: {
        ...answer.headers,
        ...(vary === '' ? {} : { vary }),
        ...(origin === undefined ? {} : { 'access-control-allow-origin': origin, ...EXPOSED }),
        ...(origin === undefined || !isPreflight ? {} : ALLOWED),
      },
    }
  }
}

function findAllowed(origins: ReadonlySet<string>, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined
  if (origins.has('*')) return '*'
  return origins.has(origin) ? origin : undefined
}

const PREFLIGHT: Answer = { status: 204, headers: {} }
const EXPOSED = {
  'access-control-expose-headers':
    'ETag, Content-Range, Retry-After, X-Request-Id, X-Total-Count, WWW-Authenticate',
}
const ALLOWED = {
  'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
  'access-control-allow-headers':
    'Authorization, Content-Type, If-None-Match, Range, If-Range, X-Request-Id',
  'access-control-max-age': '600',
}
