import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import { countLimit } from '../../service/count-limit.ts'
import { type ChartRead, isChartRead } from './chart-reads.ts'
import { type ChartRequest, parseChartRequest } from './parse-chart-request.ts'

/** A read that some permission allows. */
export type AllowedRead = ChartRead & { permission: NonNullable<ChartRead['permission']> }

function isAllowedRead(request: ChartRequest): request is AllowedRead {
  return isChartRead(request) && request.permission !== undefined
}

type Asked = Pick<IncomingMessage, 'method' | 'url'>

/** Reading a path costs more than looking it up, and the same ones are asked for: by GET, of who may read there. */
const readsOf = new LRUCache<string, AllowedRead>(countLimit(10_000))
const MAX_KEPT_LENGTH = 256

export function findKept({ method, url = '' }: Asked): AllowedRead | undefined {
  return method === 'GET' ? readsOf.get(url) : undefined
}

export function keepRead({ method, url = '' }: Asked, read: AllowedRead): void {
  if (method === 'GET' && url.length <= MAX_KEPT_LENGTH) readsOf.set(url, read)
}

/** undefined: it asks for something else, or is not to be understood. */
export function parseRead({ method = '', url = '' }: Asked): AllowedRead | undefined {
  try {
    const request = parseChartRequest(method, url)
    return request !== undefined && isAllowedRead(request) ? request : undefined
  } catch {
    return undefined
  }
}
