import type { ProjectPermission } from '../access/permissions.ts'
import { BadRequest, MethodNotAllowed, NotFound } from '../http/errors.ts'
import { CHART_ROUTES, type ChartRoute, type ChartRouteKind } from './chart-route-table.ts'

/** A request for charts, read once: what is authorised is what goes to the store. */
export interface ChartRequest {
  kind: ChartRouteKind
  /** '' on the routes that are not about one project. */
  project: string
  chart: string
  version: string
  fileName: string
  /** The id of a label, as it was written. */
  label: string
  /** undefined on the routes that are not about one project. */
  permission: ProjectPermission | undefined
  /** Path and query for the store, rebuilt from what was parsed. */
  storePath: string
}

const DEFAULT_PROJECT = 'library'

/**
 * Reads a raw request target, or answers undefined when its path is not one of charts. Pure, and the only reader of
 * chart paths: Express decodes `%2f`, matches without regard to case, and knows nothing of what it forwards.
 *
 * Duplicate and trailing slashes are dropped, as by Harbor 2. Everything else that could be read in two ways is refused:
 * encoded slashes, `.` and `..`, control characters, bad UTF-8, raw bytes outside ASCII.
 *
 * @throws {BadRequest} {NotFound} {MethodNotAllowed}
 */
export function parseChartRequest(method: string, target: string): ChartRequest | undefined {
  const [path = '', query] = splitOnce(target, '?')
  if (!path.startsWith('/')) return undefined
  const rawSegments = path.split('/').filter((segment) => segment !== '')
  if (!isOfCharts(rawSegments)) return undefined
  const segments = rawSegments.map(decodeSegment)

  const matches = CHART_ROUTES.filter((route) => matchesPath(route, segments))
  if (matches.length === 0) throw new NotFound(`path ${path} was not found`)
  const route = matches.find((candidate) => candidate.methods.includes(method))
  if (route?.kind === 'download') checkFileName(segments.at(-1) ?? '')
  if (route === undefined) {
    throw new MethodNotAllowed(
      method,
      matches.flatMap((match) => match.methods),
    )
  }
  return readRequest(route, segments, query)
}

/**
 * A store reads `/api/charts/charts` as the charts of project `charts`, not as a file of project `api`. Only what ends as
 * a file of a chart does is one, for every store.
 */
function checkFileName(fileName: string): void {
  if (/\.tgz(\.prov)?$/.test(fileName)) return
  throw new NotFound('a chart file ends in .tgz or .tgz.prov')
}

function isOfCharts([first, second, third]: readonly string[]): boolean {
  if (first === 'chartrepo') return true
  if (first !== 'api') return false
  return second === 'chartrepo' || (second === 'v2.0' && third === 'chartrepo')
}

function matchesPath({ path }: ChartRoute, segments: readonly string[]): boolean {
  return (
    path.length === segments.length &&
    path.every((part, index) => part.startsWith(':') || part === segments[index])
  )
}

function readRequest(
  route: ChartRoute,
  segments: readonly string[],
  query: string | undefined,
): ChartRequest {
  const parameter = (name: string) => segments[route.path.indexOf(name)] ?? ''
  const parameters: Record<string, string> = {
    ':project': route.isDefaultProject ? DEFAULT_PROJECT : parameter(':project'),
    ':chart': parameter(':chart'),
    ':version': parameter(':version'),
    ':fileName': parameter(':fileName'),
    ':label': parameter(':label'),
  }
  const storePath = route.storePath.map((part) => encodeSegment(parameters[part] ?? part))
  return {
    kind: route.kind,
    project: parameters[':project'] ?? '',
    chart: parameters[':chart'] ?? '',
    version: parameters[':version'] ?? '',
    fileName: parameters[':fileName'] ?? '',
    label: parameters[':label'] ?? '',
    permission: route.permission,
    storePath: `/${storePath.join('/')}${readQuery(route, query)}`,
  }
}

/** Only what the store knows there. `force` counts by its presence (spec/chartmuseum.md 1.4). */
function readQuery({ query: known = [] }: ChartRoute, query: string | undefined): string {
  if (query === undefined || known.length === 0) return ''
  const given = new URLSearchParams(query)
  const passing = known.flatMap((name) => {
    const value = given.get(name)
    if (value === null) return []
    return name === 'force' ? [name] : [`${name}=${encodeURIComponent(value)}`]
  })
  return passing.length === 0 ? '' : `?${passing.join('&')}`
}

function decodeSegment(raw: string): string {
  // Raw bytes outside ASCII reach us as Latin-1, whatever the client meant by them.
  if (!/^[\x21-\x7e]+$/.test(raw) || raw.includes('#')) throw new BadRequest('malformed path')
  const segment = raw.includes('%') ? decodePercent(raw) : raw
  if (segment === '.' || segment === '..' || /[/\p{Cc}]/u.test(segment)) {
    throw new BadRequest('malformed path')
  }
  return segment
}

function decodePercent(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch {
    throw new BadRequest('malformed path')
  }
}

/** A `+` stays as it is: helm writes build metadata so, and no store may take it for a space in a path. */
export function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll('%2B', '+')
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
