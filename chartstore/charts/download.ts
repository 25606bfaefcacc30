import parseRange from 'range-parser'
import { matchesEtag } from '../../service/etag.ts'
import { isPackageFileName, isProvenanceFileName } from '../chart/file-name.ts'
import type { Answer, StoreRequest } from '../http/answer.ts'
import type { PeekedHandlers } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'
import type { OpenFile, StoredFile } from '../storage/storage.ts'
import type { HandlerDeps } from './handler-deps.ts'

/** `GET /:repo/charts/:filename`: a package or a provenance file, streamed, with Range. The index is not asked. */
export function createDownloadHandlers({ files }: HandlerDeps): PeekedHandlers {
  return {
    handler: async ({ params, request }) => {
      const fileName = params.filename ?? ''
      const type = typeOf(fileName)
      const file = await files.get(params.repo ?? '', fileName)
      const headers = headersOf(file, type)
      if (matchesEtag(request.headers['if-none-match'], headers.etag)) {
        await file.close()
        return { status: 304, headers }
      }
      if (request.method === 'HEAD') {
        await file.close()
        return { status: 200, headers: withLength(headers, file.size) }
      }
      return sendFile(file, request, headers)
    },
    peek: ({ params, request }) => {
      if (request.headers.range !== undefined) return undefined
      const fileName = params.filename ?? ''
      const found = files.peek(params.repo ?? '', fileName)
      if (found === undefined) return undefined
      const headers = headersOf(found.file, typeOf(fileName))
      return matchesEtag(request.headers['if-none-match'], headers.etag)
        ? { status: 304, headers }
        : { status: 200, headers, body: found.bytes }
    },
  }
}

/** Most packages. A stream costs more than reading one of these. */
const SMALL_BYTES = 128 * 1024

function typeOf(fileName: string): string {
  if (isPackageFileName(fileName)) return 'application/x-tar'
  if (isProvenanceFileName(fileName)) return 'application/pgp-signature'
  throw new StoreError(500, 'unsupported file extension')
}

type FileHeaders = Record<string, string> & { etag: string }

function headersOf(file: StoredFile, type: string): FileHeaders {
  return { 'content-type': type, 'accept-ranges': 'bytes', etag: etagOf(file) }
}

function withLength(headers: FileHeaders, length: number): FileHeaders {
  return { ...headers, 'content-length': String(length) }
}

/** Buckets tell whole seconds: what was replaced within one differs by its tag. */
function etagOf({ modifiedNs, size, tag }: StoredFile): string {
  const parts = [modifiedNs.toString(16), size.toString(16), tag]
  return `"${parts.filter((part) => part !== undefined).join('-')}"`
}

async function sendFile(
  file: OpenFile,
  request: StoreRequest,
  headers: FileHeaders,
): Promise<Answer> {
  const range = readRange(request, file.size, headers.etag)
  if (range === 'unsatisfiable') {
    await file.close()
    return { status: 416, headers: { 'content-range': `bytes */${file.size}` } }
  }
  if (range === undefined) {
    return {
      status: 200,
      headers: withLength(headers, file.size),
      body: file.size <= SMALL_BYTES ? await file.read() : { file },
    }
  }
  const { start, end } = range
  return {
    status: 206,
    headers: {
      ...withLength(headers, end - start + 1),
      'content-range': `bytes ${start}-${end}/${file.size}`,
    },
    body: { file, range: { start, end } },
  }
}

/** One range; a request for several, or for another version of the file (`If-Range`), gets the whole file. */
function readRange({ headers }: StoreRequest, size: number, etag: string) {
  const { range, 'if-range': condition } = headers
  if (range === undefined || (condition !== undefined && condition !== etag)) return undefined
  const ranges = parseRange(size, range)
  if (ranges === -1) return 'unsatisfiable'
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
}
