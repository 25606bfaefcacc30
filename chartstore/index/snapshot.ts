import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { quote } from '../chart/quoted-text.ts'
import type { IndexDocument } from './document.ts'
import { toGoJson } from './serialise.ts'

export type IndexForm = 'yaml' | 'json'

/** The index at one moment, in one form. Its bytes never change. */
export interface IndexSnapshot {
  /** The revision of the document that it shows. */
  revision: number
  /** The strong ETag, with quotes. */
  etag: string
  bytes: () => Buffer
  /** The compressed bytes if they are ready. Asking has them made, off the request path. */
  gzip: () => Buffer | undefined
}

const compress = promisify(gzip)

/** @param generated RFC 3339, the time of the last change. @param contextPath what cm-push is told of; empty: nothing. */
export function createSnapshot(
  document: IndexDocument,
  form: IndexForm,
  generated: string,
  contextPath: string,
): IndexSnapshot {
  const parts =
    form === 'yaml'
      ? yamlParts(document.yamlSegments(), generated, contextPath)
      : jsonParts(document.jsonSegments(), generated, contextPath)
  const hash = createHash('sha256')
    .update(document.fingerprint())
    .update(`${generated} ${form} ${contextPath}`)
  let whole: Buffer | undefined
  let zipped: Buffer | undefined
  let isZipping = false

  const bytes = () => {
    whole ??= Buffer.concat(parts)
    return whole
  }

  return {
    revision: document.revision(),
    etag: `"${hash.digest('hex').slice(0, 32)}"`,
    bytes,
    gzip: () => {
      if (!isZipping) {
        isZipping = true
        compress(bytes(), { level: 6 }).then(
          (result) => {
            zipped = result
          },
          () => {
            isZipping = false
          },
        )
      }
      return zipped
    },
  }
}

function yamlParts(segments: readonly Buffer[], generated: string, contextPath: string): Buffer[] {
  const entries = segments.length === 0 ? 'entries: {}\n' : 'entries:\n'
  const serverInfo = contextPath === '' ? ' {}' : `\n  contextPath: ${quote(contextPath)}`
  return [
    Buffer.from(`apiVersion: v1\n${entries}`),
    ...segments,
    Buffer.from(`generated: "${generated}"\nserverInfo:${serverInfo}\n`),
  ]
}

function jsonParts(segments: readonly Buffer[], generated: string, contextPath: string): Buffer[] {
  const serverInfo = contextPath === '' ? '{}' : toGoJson({ contextPath })
  return [
    Buffer.from(`{"apiVersion":"v1","generated":"${generated}","entries":{`),
    ...segments.flatMap((segment, i) => (i === 0 ? [segment] : [COMMA, segment])),
    Buffer.from(`},"serverInfo":${serverInfo}}`),
  ]
}

const COMMA = Buffer.from(',')
