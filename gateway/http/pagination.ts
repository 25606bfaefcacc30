import type { Request } from 'express'
import { z } from 'zod'
import { queryInteger, queryText } from './query-parameters.ts'
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

/** What a list is asked for. */
export const pageQuery = z.object({
  page: queryInteger,
  page_size: queryInteger.refine(
    (size) => size === undefined || size <= MAX_SIZE,
    `should be less than or equal to ${MAX_SIZE}`,
  ),
})

/** Harbor's `q` and `sort` (query-language.ts) beside it. */
export const listQuery = pageQuery.extend({ q: queryText, sort: queryText })

export function toPage({ page = 1, page_size = DEFAULT_SIZE }: z.output<typeof pageQuery>): Page {
  if (page_size <= 0) return { number: 1, size: null, limit: null, offset: 0 }
  const number = Math.min(Math.max(page, 1), MAX_NUMBER)
  return { number, size: page_size, limit: page_size, offset: (number - 1) * page_size }
}

/** A page of `total` items, with Harbor's headers. */
export function listReply<Item>(
  req: Request,
  page: Page,
  total: number,
  items: Item[],
): Reply<Item[]> {
  return {
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
