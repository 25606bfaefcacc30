import type { IncomingHttpHeaders } from 'node:http'
import { acceptsGzip } from '../../service/accepts-gzip.ts'
import type { Bytes } from '../../service/bytes.ts'
import { matchesEtag, toGzipTag } from '../../service/etag.ts'
import type { JsonIndexMode } from '../config/config.ts'
import type { Answer, StoreRequest } from '../http/answer.ts'
import type { PeekedHandlers } from '../http/router.ts'
import type { IndexSnapshot, SnapshotForm } from '../index/snapshot.ts'
import type { HandlerDeps } from './handler-deps.ts'

/** Bytes that are ready, or 304. */
export function createIndexFileHandlers({ indexes, policy }: HandlerDeps): {
  /** `GET /:repo/index.yaml`. */
  file: PeekedHandlers
  /** `GET /:repo/nested-entries`, for Chartgate's index over several projects. */
  nestedEntries: PeekedHandlers
} {
  const serve = (
    formOf: (headers: IncomingHttpHeaders) => SnapshotForm,
    describe: (snapshot: IndexSnapshot) => Record<string, string>,
  ): PeekedHandlers => ({
    handler: async ({ params, request }) => {
      const index = await indexes.forReading(params.repo ?? '')
      const snapshot = await index.snapshot(formOf(request.headers))
      const zipped = acceptsGzip(request.headers) ? await gzipOf(snapshot) : undefined
      return send(request, snapshot, describe(snapshot), zipped)
    },
    peek: ({ params, request }) => {
      const index = indexes.peek(params.repo ?? '')
      const snapshot = index?.peekSnapshot(formOf(request.headers))
      if (snapshot === undefined) return undefined
      const zipped = acceptsGzip(request.headers) ? snapshot.gzip() : undefined
      return zipped instanceof Promise
        ? undefined
        : send(request, snapshot, describe(snapshot), zipped)
    },
  })

  return {
    file: serve(
      (headers) => chooseForm(policy.jsonIndex, headers),
      () => ({
        // Also for JSON, as ChartMuseum's --json-index; helm looks at the bytes.
        'content-type': 'application/x-yaml',
        'cache-control': 'no-cache',
        vary: policy.jsonIndex === 'auto' ? 'Accept-Encoding, User-Agent' : 'Accept-Encoding',
      }),
    ),
    nestedEntries: serve(
      () => 'nested',
      ({ generated }) => ({
        'content-type': 'application/octet-stream',
        'cache-control': 'no-cache',
        vary: 'Accept-Encoding',
        'last-modified': new Date(generated).toUTCString(),
      }),
    ),
  }
}

function send(
  { headers: asked }: StoreRequest,
  snapshot: IndexSnapshot,
  described: Record<string, string>,
  zipped: Bytes | undefined,
): Answer {
  const gzipTag = toGzipTag(snapshot.etag)
  const headers: Record<string, string> = {
    ...described,
    etag: zipped === undefined ? snapshot.etag : gzipTag,
  }
  if (matchesEtag(asked['if-none-match'], snapshot.etag, gzipTag)) return { status: 304, headers }
  if (zipped === undefined) return { status: 200, headers, body: snapshot.bytes() }
  return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: zipped }
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
