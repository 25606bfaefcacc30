import type { Bytes } from '../../service/bytes.ts'
import { matchesEtag } from '../../service/etag.ts'
import { parseConstraint } from '../chart/constraint.ts'
import { quoteAsGo } from '../chart/quoted-text.ts'
import type { Answer, StoreRequest } from '../http/answer.ts'
import { json, jsonText } from '../http/replies.ts'
import type { PeekedHandlers, RouteContext } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'
import type { IndexDocument } from '../index/document.ts'
import type { IndexEntry } from '../index/entry.ts'
import type { HandlerDeps } from './handler-deps.ts'

/** The JSON API over the index: entries were serialised when they came in, so answers are only put together. */
export function createChartsHandlers({ indexes }: HandlerDeps) {
  const readBy = (
    answer: (document: IndexDocument, context: RouteContext) => Answer,
  ): PeekedHandlers => ({
    handler: async (context) => {
      const index = await indexes.forReading(context.params.repo ?? '')
      return answer(await index.current(), context)
    },
    peek: (context) => {
      const document = indexes.peek(context.params.repo ?? '')?.peekCurrent()
      return document && answer(document, context)
    },
  })

  return {
    /**
     * Beside ChartMuseum's `offset` and `limit`: with `latest` each chart has its highest version only, with `summaries` it is
     * Harbor's list. With `q` it has the `best` charts that are found, each with its highest version, and `X-Total-Count` tells how
     * many there are in all.
     */
    list: {
      handler: async ({ query, params, request }) => {
        const page = readPage(query)
        const index = await indexes.forReading(params.repo ?? '')
        const text = query.get('q')
        if (text !== null) {
          return writeFound(await index.searchable(), text, readNumber(query.get('best') ?? ''))
        }
        const document = await index.current()
        const etag = toEtag(document.fingerprint())
        const known = notModified(request, etag)
        if (known !== undefined) return known
        if (page !== undefined) return withEtag(etag, writePage(document, page, query))
        const snapshot = await index.snapshot(chooseListForm(query))
        return withEtag(snapshot.etag, snapshot.bytes())
      },
      peek: ({ query, params, request }) => {
        const index = indexes.peek(params.repo ?? '')
        const document = index?.peekCurrent()
        const text = query.get('q')
        if (text !== null)
          return document?.versionCount() === 0 ? writeFound(document, text, 0) : undefined
        const known = document && notModified(request, toEtag(document.fingerprint()))
        if (known !== undefined || readPage(query) !== undefined) return known
        const snapshot = index?.peekSnapshot(chooseListForm(query))
        return snapshot && withEtag(snapshot.etag, snapshot.bytes())
      },
    } satisfies PeekedHandlers,
    versions: readBy((document, context) => {
      const versions = document.versionsJson(context.params.name ?? '')
      if (versions === undefined) throw new StoreError(404, 'chart not found')
      const etag = toEtag(versions.fingerprint)
      return notModified(context.request, etag) ?? withEtag(etag, versions.bytes())
    }),
    version: readBy((document, context) => {
      const { fingerprint, json: text } = findVersion(document, context)
      const etag = toEtag(fingerprint)
      return notModified(context.request, etag) ?? withEtag(etag, text)
    }),
    problems: async ({ params }: RouteContext): Promise<Answer> => {
      const index = await indexes.forReading(params.repo ?? '')
      await index.current()
      return json(index.problems())
    },
  }
}

function writeFound(document: IndexDocument, text: string, best: number | undefined): Answer {
  const found = document.search(text, best ?? Number.POSITIVE_INFINITY)
  const members = found.map(({ name, json }) => `${quoteAsGo(name)}:[${json}]`)
  const answer = jsonText(`{${members.join(',')}}`)
  return {
    ...answer,
    headers: { ...answer.headers, 'x-total-count': String(document.chartCount()) },
  }
}

function chooseListForm(query: URLSearchParams): 'list' | 'latest' | 'summaries' {
  if (query.has('summaries')) return 'summaries'
  return query.has('latest') ? 'latest' : 'list'
}

/** The answer for whoever has what he asks for. */
function notModified({ headers }: StoreRequest, etag: string): Answer | undefined {
  const isKnown = matchesEtag(headers['if-none-match'], etag)
  return isKnown ? { status: 304, headers: { etag } } : undefined
}

function withEtag(etag: string, body: string | Bytes): Answer {
  const answer = jsonText(body)
  return { ...answer, headers: { ...answer.headers, etag } }
}

/** What stands for entries stands for their JSON. */
function toEtag(fingerprint: Buffer): string {
  return `"${fingerprint.toString('hex')}"`
}

/**
 * The version that `:version` means: that very text, else the highest one that satisfies it as a constraint.
 * @throws {StoreError} 404 with ChartMuseum's texts.
 */
export function findVersion(document: IndexDocument, { params }: RouteContext): IndexEntry {
  const { name = '', version = '' } = params
  const exact = document.version(name, version)
  if (exact !== undefined) return exact
  const versions = document.versions(name)
  if (versions === undefined) throw new StoreError(404, 'no chart name found')
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

interface Page {
  offset: number
  limit: number | undefined
}

function writePage(
  document: IndexDocument,
  { offset, limit }: Page,
  query: URLSearchParams,
): string {
  const end = limit === undefined ? undefined : offset + limit
  const charts = document.chartNames().slice(offset, end)
  const members = charts.map((name) => {
    const versions = document.versions(name)?.slice(0, query.has('latest') ? 1 : undefined) ?? []
    return `${quoteAsGo(name)}:[${versions.map((entry) => entry.json).join(',')}]`
  })
  return `{${members.join(',')}}`
}

/** @returns undefined where all charts are asked for. */
function readPage(query: URLSearchParams): Page | undefined {
  const offset = readNumber(query.get('offset') ?? '0')
  if (offset === undefined) {
    throw new StoreError(400, 'offset is not a valid non-negative integer')
  }
  const text = query.get('limit')
  const limit = text === null ? undefined : readNumber(text)
  if (text !== null && (limit === undefined || limit === 0)) {
    throw new StoreError(400, 'limit is not a valid positive integer')
  }
  return offset === 0 && limit === undefined ? undefined : { offset, limit }
}

function readNumber(text: string): number | undefined {
  return /^\+?\d{1,15}$/.test(text) ? Number(text) : undefined
}
