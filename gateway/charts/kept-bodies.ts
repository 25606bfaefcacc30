import type { IncomingMessage, ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import { acceptsGzip } from '../../service/accepts-gzip.ts'
import { coalesceByKey } from '../../service/coalesce.ts'
import { countLimit } from '../../service/count-limit.ts'
import { matchesEtag } from '../../service/etag.ts'
import type { Logger } from '../../service/log.ts'
import { type OriginalRequest, sendError } from '../http/send-error.ts'
import { selectAnswerHeaders } from './answer-headers.ts'
import type { ChartStore, StoreAnswer } from './chart-store.ts'
import { readBody, requireSuccess } from './store-answer.ts'

interface KeptBody {
  etag: string
  headers: Readonly<Record<string, string>>
  body: Buffer
}

/** Of all that is kept, and of one body: what is longer goes through unread. */
const KEPT_BYTES = 128 * 1024 * 1024
const MAX_BYTES = 32 * 1024 * 1024

/** Forms of one file: YAML and JSON, each compressed or not. */
const FORMS = 4

/** So long what cannot be kept is not tried again. */
const UNFIT_MS = 60_000

/** Whoever asks so wants more than the file, or less. */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-modified-since', 'if-unmodified-since']

/**
 * A store behind HTTP whose indexes and small packages stay here. Each reading asks it whether they are still right, all that
 * come meanwhile together, and only what has changed crosses the wire. What the store has not named by an ETag, as a
 * ChartMuseum does not, and what is long, goes through as before.
 */
export function keepBodies(store: ChartStore, log: Logger): ChartStore {
  const kept = new LRUCache<string, readonly KeptBody[]>({
    maxSize: KEPT_BYTES,
    // an entry costs more than its bytes
    sizeCalculation: (forms) => forms.reduce((sum, { body }) => sum + body.length + 1024, 0),
  })
  const unfit = new LRUCache<string, true>({ ...countLimit(10_000), ttl: UNFIT_MS })

  const keep = (path: string, fresh: KeptBody): KeptBody => {
    const others = (kept.get(path) ?? []).filter(({ etag }) => etag !== fresh.etag)
    kept.set(path, [fresh, ...others.slice(0, FORMS - 1)])
    return fresh
  }

  /** undefined: it is not for keeping. */
  const ask = coalesceByKey(async (key: string): Promise<KeptBody | undefined> => {
    const { path, headers } = parseKey(key)
    const forms = kept.get(path) ?? []
    const tags = forms.map(({ etag }) => etag).join(', ')
    const ifNoneMatch = tags === '' ? undefined : tags
    const answer = await store.call('GET', path, { ifNoneMatch, headers })
    if (answer.status === 304) {
      answer.body.resume()
      const found = forms.find(({ etag }) => etag === answer.headers.etag)
      // The store knows a form by the tag of another one, and we may not have it.
      return found ?? readFresh(await store.call('GET', path, { headers }))
    }
    const fresh = await readFresh(answer)
    if (fresh === undefined) unfit.set(key, true)
    return fresh && keep(path, fresh)
  })

  return {
    ...store,
    read: async (path, headers) => {
      const key = keyOf({ method: 'GET', url: path, headers })
      const found = key === undefined || unfit.has(key) ? undefined : await ask(key)
      if (found === undefined) return store.read(path, headers)
      return { status: 200, headers: found.headers, body: found.body }
    },
    forward: (req: OriginalRequest, res, upload) => {
      const key = upload === undefined ? keyOf(req) : undefined
      if (key === undefined || unfit.has(key)) {
        store.forward(req, res, upload)
        return
      }
      ask(key).then(
        (found) => (found === undefined ? store.forward(req, res) : send(req, res, found)),
        (error: unknown) => sendError(req, res, error, log),
      )
    },
  }
}

/** Indexes, what of them is for an index of all projects, packages, and lists of charts. */
const KEPT_PATH =
  /^\/[^/]+\/(?:index\.yaml|nested-entries|charts\/[^/]+)$|^\/api\/[^/]+\/charts\?summaries$/

/** The path and all that the form of the answer depends on. undefined: not a file as a whole. */
function keyOf({
  method,
  url = '',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): string | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (!KEPT_PATH.test(url) || CONDITIONS.some((name) => name in headers)) return undefined
  const helm = /^Helm\/\d+\.\d+/.exec(headers['user-agent'] ?? '')?.[0] ?? ''
  return `${url} ${acceptsGzip(headers) ? 'gzip' : ''} ${helm}`
}

function parseKey(key: string): { path: string; headers: Record<string, string> } {
  const [path = '', coding = '', helm = ''] = key.split(' ')
  return {
    path,
    headers: {
      ...(coding === '' ? {} : { 'accept-encoding': coding }),
      ...(helm === '' ? {} : { 'user-agent': helm }),
    },
  }
}

/** @throws what the store answers instead of a file. */
async function readFresh(answer: StoreAnswer): Promise<KeptBody | undefined> {
  await requireSuccess(answer)
  const { etag } = answer.headers
  const length = Number(answer.headers['content-length'])
  if (answer.status !== 200 || !etag?.startsWith('"') || !(length <= MAX_BYTES)) {
    answer.body.on('error', () => undefined).destroy()
    return undefined
  }
  return {
    etag,
    headers: selectAnswerHeaders(answer.headers),
    body: await readBody(answer.body, MAX_BYTES),
  }
}

function send(req: IncomingMessage, res: ServerResponse, { etag, headers, body }: KeptBody): void {
  if (res.destroyed) return
  const isKnown = matchesEtag(req.headers['if-none-match'], etag)
  const { 'content-length': length, ...rest } = headers
  res.writeHead(isKnown ? 304 : 200, isKnown ? rest : headers)
  if (isKnown || req.method === 'HEAD') res.end()
  else res.end(body)
}
