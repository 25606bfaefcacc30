import type { IncomingHttpHeaders } from 'node:http'
import { acceptsGzip } from '../../service/accepts-gzip.ts'
import { matchesEtag } from '../../service/etag.ts'
import type { JsonIndexMode } from '../config/config.ts'
import type { Answer, StoreRequest } from '../http/answer.ts'
import type { PeekedHandlers } from '../http/router.ts'
import type { Bytes } from '../index/bytes.ts'
import type { IndexSnapshot, SnapshotForm } from '../index/snapshot.ts'
import type { HandlerDeps } from './handler-deps.ts'

/** `GET /:repo/index.yaml`: bytes that are ready, or 304. */
export function createIndexFileHandlers({ indexes, policy }: HandlerDeps): PeekedHandlers {
  const vary = policy.jsonIndex === 'auto' ? 'Accept-Encoding, User-Agent' : 'Accept-Encoding'

  const send = (
    { headers: asked }: StoreRequest,
    snapshot: IndexSnapshot,
    zipped: Bytes | undefined,
  ): Answer => {
    const gzipTag = snapshot.etag.replace(/"$/, '-gzip"')
    const headers: Record<string, string> = {
      // Also for JSON, as ChartMuseum's --json-index; helm looks at the bytes.
      'content-type': 'application/x-yaml',
      'cache-control': 'no-cache',
      vary,
      etag: zipped === undefined ? snapshot.etag : gzipTag,
    }
    if (matchesEtag(asked['if-none-match'], snapshot.etag, gzipTag)) return { status: 304, headers }
    if (zipped === undefined) return { status: 200, headers, body: snapshot.bytes() }
    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: zipped }
  }

  return {
    handler: async ({ params, request }) => {
      const index = await indexes.forReading(params.repo ?? '')
      const snapshot = await index.snapshot(chooseForm(policy.jsonIndex, request.headers))
      const zipped = acceptsGzip(request.headers) ? await gzipOf(snapshot) : undefined
      return send(request, snapshot, zipped)
    },
    peek: ({ params, request }) => {
      const index = indexes.peek(params.repo ?? '')
      const snapshot = index?.peekSnapshot(chooseForm(policy.jsonIndex, request.headers))
      if (snapshot === undefined) return undefined
      const zipped = acceptsGzip(request.headers) ? snapshot.gzip() : undefined
      return zipped instanceof Promise ? undefined : send(request, snapshot, zipped)
    },
  }
}

/** What cannot be compressed is sent as it is. */
async function gzipOf(snapshot: IndexSnapshot): Promise<Bytes | undefined> {
  try {
    return await snapshot.gzip()
  } catch {
    return undefined
  }
}

/** helm parses a JSON index five times faster since 3.13; older ones read it as YAML (spec/helm-client.md 1.6). */
export function chooseForm(mode: JsonIndexMode, headers: IncomingHttpHeaders): SnapshotForm {
  if (mode !== 'auto') return mode === 'always' ? 'json' : 'yaml'
  const helm = /^Helm\/(\d+)\.(\d+)/.exec(headers['user-agent'] ?? '')
  if (helm === null) return 'yaml'
  const [major, minor] = [Number(helm[1]), Number(helm[2])]
  return major > 3 || (major === 3 && minor >= 13) ? 'json' : 'yaml'
}
