import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RequestHandler, Router } from 'express'
import { matchesEtag } from '../../service/etag.ts'
import { VERSION } from '../../service/version.ts'

const FOLDER = join(import.meta.dirname, 'page')

/** The page loads nothing from elsewhere, whatever stands in the document. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The API's documentation for people: RapiDoc, one file beside this one (MIT), over openapi.json. */
export function createDocumentationPage(): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.get('/docs', serve('index.html', 'text/html; charset=utf-8'))
  router.get('/docs/rapidoc.js', serve('rapidoc-min.js', 'text/javascript; charset=utf-8'))
  return router
}

function serve(fileName: string, type: string): RequestHandler {
  const content = readFileSync(join(FOLDER, fileName))
  const etag = `"${VERSION}-${content.length}"`
  return (req, res) => {
    res.set({ 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-cache', ETag: etag })
    if (matchesEtag(req.headers['if-none-match'], etag)) res.status(304).end()
    else res.type(type).send(content)
  }
}
