import { createReadStream } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { matchesEtag } from '../../service/etag.ts'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import type { Answer } from '../http/answer.ts'
import type { RouteContext } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'

/** The pages of WEB_TEMPLATE_PATH: `index.html` as the welcome page, and what is below `static/`. */
export interface WebFiles {
  welcome: () => Answer
  file: (context: RouteContext) => Promise<Answer>
}

/** @throws {StartError} where there is no `index.html`. */
export async function openWebFiles(dir: string, log: Logger): Promise<WebFiles> {
  const page = await readFile(join(dir, 'index.html')).catch((error: Error) => {
    throw new StartError(`WEB_TEMPLATE_PATH: cannot read index.html: ${error.message}`)
  })
  if (page.includes('{{')) {
    log.warn('index.html of WEB_TEMPLATE_PATH is served as it is: Go templates are not run')
  }
  const root = await realpath(join(dir, 'static')).catch(() => undefined)

  return {
    welcome: () => ({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: page,
    }),
    file: async ({ params, request }) => {
      const path = await findFile(root, params.path ?? '')
      const { size, mtime } = await stat(path)
      const headers = {
        'content-type': TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
        'content-length': String(size),
        'last-modified': mtime.toUTCString(),
        etag: `"${mtime.getTime().toString(16)}-${size.toString(16)}"`,
        'x-content-type-options': 'nosniff',
      }
      if (matchesEtag(request.headers['if-none-match'], headers.etag)) {
        return { status: 304, headers: { etag: headers.etag } }
      }
      if (request.method === 'HEAD') return { status: 200, headers }
      return { status: 200, headers, body: createReadStream(path) }
    },
  }
}

/** Links are followed as long as they stay inside. @throws {StoreError} 404 for what is no file in there. */
async function findFile(root: string | undefined, path: string): Promise<string> {
  const found = root && (await realpath(join(root, path)).catch(() => undefined))
  if (root && found?.startsWith(root + sep) && (await stat(found)).isFile()) return found
  throw new StoreError(404, 'not found')
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}
