import { LRUCache } from 'lru-cache'
import { countLimit } from '../../service/count-limit.ts'
import { isSafeSegment } from '../storage/path-segment.ts'
import type { Answer, StoreRequest } from './answer.ts'
import { StoreError } from './store-error.ts'

/** What a caller must be allowed to do; `none` needs no credentials. */
export type Action = 'pull' | 'push' | 'none'

export interface RouteContext {
  request: StoreRequest
  /** Decoded path parameters by name. */
  params: Readonly<Record<string, string>>
  query: URLSearchParams
}

export interface Route {
  method: 'GET' | 'POST' | 'DELETE'
  /** Segments; `:name` takes any one, and the last may be empty, as ChartMuseum's may. A last `*` takes the rest. */
  path: string
  action: Action
  /** The repositories that it is about; without it, the one in the path. */
  repos?: (context: RouteContext) => string[]
  /** Not below the context path. */
  isOutside?: true
  handler: (context: RouteContext) => Promise<Answer> | Answer
  /**
   * What the handler would answer to a GET, where that is in memory and known at once to be right; undefined, or a throw, where
   * the handler is to be asked.
   */
  peek?: (context: RouteContext) => Answer | undefined
}

/** The handlers of a route whose answers may be in memory. */
export type PeekedHandlers = Required<Pick<Route, 'handler' | 'peek'>>

export interface Match {
  route: Route
  context: RouteContext
}

/** Finds the first route of a table that a request matches, all of them below the context path. HEAD goes where GET goes. */
export function createRouter(
  routes: readonly Route[],
  contextPath = '',
): (request: StoreRequest) => Match | undefined {
  const table = routes.map((route) => ({
    route,
    pattern: `${route.isOutside ? '' : contextPath}${route.path}`.split('/').slice(1),
  }))
  const find = (method: string, path: string): Found | undefined => {
    const segments = path.split('/').slice(1).map(decodeSegment)
    for (const { route, pattern } of table) {
      if (route.method !== method) continue
      const params = matchSegments(pattern, segments)
      if (params === undefined) continue
      checkParams(params)
      return { route, params }
    }
    return undefined
  }
  // Clients ask for the same paths, and finding a route costs more than looking it up.
  const reads = new LRUCache<string, Found>(countLimit(10_000))
  const findRead = (path: string): Found | undefined => {
    const kept = reads.get(path)
    if (kept !== undefined) return kept
    const found = find('GET', path)
    if (found !== undefined && path.length <= MAX_KEPT_LENGTH) reads.set(path, found)
    return found
  }

  return (request) => {
    const [path = '', query = ''] = splitOnce(request.url, '?')
    const { method } = request
    const found = method === 'GET' || method === 'HEAD' ? findRead(path) : find(method, path)
    if (found === undefined) return undefined
    const { route, params } = found
    return { route, context: { request, params, query: new URLSearchParams(query) } }
  }
}

interface Found {
  route: Route
  params: Readonly<Record<string, string>>
}

const MAX_KEPT_LENGTH = 256

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.at(-1) === '*') {
    const start = pattern.length - 1
    const isBelow =
      segments.length > start && matchSegments(pattern.slice(0, -1), segments.slice(0, start))
    return isBelow ? { path: segments.slice(start).join('/') } : undefined
  }
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = segment
    else if (part !== segment) return undefined
  }
  return params
}

/**
 * ChartMuseum takes any text for a segment, `..` included (spec/chartmuseum.md 7.S1). Names that could leave the
 * project's folder, or that the store keeps for itself, are refused before anything looks at them.
 */
function checkParams(params: Readonly<Record<string, string>>): void {
  const last = Object.keys(params).at(-1)
  for (const [name, value] of Object.entries(params)) {
    if (name === 'path' && value.split('/').every(isSafeSegment)) continue
    if (value === '' && name === last && name !== 'repo') continue
    if (isSafeSegment(value)) continue
    throw new StoreError(400, `${JSON.stringify(value)} is not allowed in a path`)
  }
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new StoreError(400, `${JSON.stringify(segment)} is not a well-formed path segment`)
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
