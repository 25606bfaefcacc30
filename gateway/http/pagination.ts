import type { Request } from 'express'
import { UnprocessableEntity } from './errors.ts'
import { readInteger } from './query-parameters.ts'
import type { Reply } from './reply.ts'

/** A page of a list, as Harbor counts them: from 1. */
export interface Page {
  number: number
  /** null: all. */
  size: number | null
  /** For SQL's `limit $1 offset $2`. */
  limit: number | null
  offset: number
}

const DEFAULT_SIZE = 10
const MAX_SIZE = 100
const MAX_NUMBER = 1_000_000

/** @throws {UnprocessableEntity} for what is no number, and for a page_size above 100. */
export function readPage(req: Request): Page {
  const size = readInteger(req, 'page_size') ?? DEFAULT_SIZE
  if (size > MAX_SIZE) {
    throw new UnprocessableEntity(
      `validation failure list:\npage_size in query should be less than or equal to ${MAX_SIZE}`,
    )
  }
  const number = Math.min(Math.max(readInteger(req, 'page') ?? 1, 1), MAX_NUMBER)
  if (size <= 0) return { number: 1, size: null, limit: null, offset: 0 }
  return { number, size, limit: size, offset: (number - 1) * size }
}

/** A page of `total` items, with Harbor's headers. */
export function listReply(req: Request, page: Page, total: number, items: object[]): Reply {
  return {
    status: 200,
    headers: { 'X-Total-Count': String(total), Link: formatLinks(req, page, total) },
    body: items,
  }
}

/** Path-only, the previous page first; empty when there is neither. */
function formatLinks(req: Request, page: Page, total: number): string {
  if (page.size === null) return ''
  const links: string[] = []
  if (page.number > 1 && page.offset - page.size < total) {
    links.push(`<${pageUrl(req, page.number - 1, page.size)}>; rel="prev"`)
  }
  if (page.offset + page.size < total) {
    links.push(`<${pageUrl(req, page.number + 1, page.size)}>; rel="next"`)
  }
  return links.join(' , ')
}

/** The other parameters stay, percent-encoded (Harbor decodes them: a `>` in a filter then breaks the header). */
function pageUrl(req: Request, number: number, size: number): string {
  const [path, search] = req.originalUrl.split('?', 2)
  const query = new URLSearchParams(search)
  query.set('page', String(number))
  query.set('page_size', String(size))
  query.sort()
  return `${path}?${query}`
}
