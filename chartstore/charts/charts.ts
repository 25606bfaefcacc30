import { matchesEtag } from '../../service/etag.ts'
import { parseConstraint } from '../chart/constraint.ts'
import type { Answer, StoreRequest } from '../http/answer.ts'
import { json, jsonText } from '../http/replies.ts'
import type { RouteContext } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'
import type { IndexDocument } from '../index/document.ts'
import type { IndexEntry } from '../index/entry.ts'
import type { HandlerDeps } from './handler-deps.ts'

/** The JSON API over the index: entries were serialised when they came in, so answers are only put together. */
export function createChartsHandlers({ indexes }: HandlerDeps) {
  const documentOf = async ({ params }: Pick<RouteContext, 'params'>): Promise<IndexDocument> =>
    (await indexes.forReading(params.repo ?? '')).current()

  return {
    /** Beside ChartMuseum's `offset` and `limit`: with `latest` each chart has its highest version only. */
    list: async ({ query, params, request }: RouteContext): Promise<Answer> => {
      const page = readPage(query)
      const document = await documentOf({ params })
      return unlessKnown(request, document.fingerprint(), () => {
        const segments = query.has('latest')
          ? document.latestJsonSegments()
          : document.jsonSegments()
        const end = page.limit === undefined ? undefined : page.offset + page.limit
        return joinObject(segments.slice(page.offset, end))
      })
    },
    versions: async (context: RouteContext): Promise<Answer> => {
      const versions = (await documentOf(context)).versionsJson(context.params.name ?? '')
      if (versions === undefined) throw new StoreError(404, 'chart not found')
      return unlessKnown(context.request, versions.fingerprint, () => versions.bytes)
    },
    version: async (context: RouteContext): Promise<Answer> => {
      const { fingerprint, json: text } = findVersion(await documentOf(context), context)
      return unlessKnown(context.request, fingerprint, () => text)
    },
    problems: async ({ params }: RouteContext): Promise<Answer> => {
      const index = await indexes.forReading(params.repo ?? '')
      await index.current()
      return json(index.problems())
    },
  }
}

function joinObject(members: readonly Buffer[]): Buffer {
  const comma = Buffer.from(',')
  const separated = members.flatMap((member, i) => (i === 0 ? [member] : [comma, member]))
  return Buffer.concat([Buffer.from('{'), ...separated, Buffer.from('}')])
}

/** JSON with the ETag that stands for the entries in it, or 304. */
function unlessKnown(
  { headers }: StoreRequest,
  fingerprint: Buffer,
  write: () => string | Buffer,
): Answer {
  const etag = `"${fingerprint.toString('hex')}"`
  if (matchesEtag(headers['if-none-match'], etag)) return { status: 304, headers: { etag } }
  const answer = jsonText(write())
  return { ...answer, headers: { ...answer.headers, etag } }
}

/**
 * The version that `:version` means: that very text, else the highest one that satisfies it as a constraint.
 * @throws {StoreError} 404 with ChartMuseum's texts.
 */
export function findVersion(document: IndexDocument, { params }: RouteContext): IndexEntry {
  const { name = '', version = '' } = params
  const versions = document.versions(name)
  if (versions === undefined) throw new StoreError(404, 'no chart name found')
  const exact = versions.find((entry) => entry.version === version)
  if (exact !== undefined) return exact
  const wanted = version === 'latest' ? '' : version
  const satisfies = readConstraint(wanted)
  const best = versions.find((entry) => entry.parsedVersion && satisfies(entry.parsedVersion))
  if (best !== undefined) return best
  throw new StoreError(404, `no chart version found for ${name}-${wanted}`)
}

function readConstraint(text: string): ReturnType<typeof parseConstraint> {
  try {
    return parseConstraint(text)
  } catch (error) {
    throw new StoreError(404, error instanceof Error ? error.message : String(error))
  }
}

function readPage(query: URLSearchParams): { offset: number; limit: number | undefined } {
  const offset = readNumber(query.get('offset') ?? '0')
  if (offset === undefined) {
    throw new StoreError(400, 'offset is not a valid non-negative integer')
  }
  const text = query.get('limit')
  const limit = text === null ? undefined : readNumber(text)
  if (text !== null && (limit === undefined || limit === 0)) {
    throw new StoreError(400, 'limit is not a valid positive integer')
  }
  return { offset, limit }
}

function readNumber(text: string): number | undefined {
  return /^\+?\d{1,15}$/.test(text) ? Number(text) : undefined
}
