import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { TestContext } from 'node:test'
import { listen } from '../../service/http-server.ts'

export interface SeenRequest {
  method: string
  /** Without the query. */
  path: string
  headers: IncomingHttpHeaders
}

/**
 * A way to a real S3 server that notes every request, and says one header of a dialect in the server's words and the
 * server's refusal in those of the dialect: 409 FileAlreadyExists.
 */
export async function startDialectProxy(
  t: TestContext,
  target: string,
  forbidOverwrite: string | undefined,
): Promise<{ port: number; seen: SeenRequest[] }> {
  const seen: SeenRequest[] = []
  const server = createServer((req, res) => {
    const { method = '', url = '/', headers } = req
    seen.push({ method, path: url.replace(/\?.*/, ''), headers })
    const isExclusive = forbidOverwrite !== undefined && headers[forbidOverwrite] === 'true'
    const translated = { ...headers, ...(isExclusive ? { 'if-none-match': '*' } : {}) }
    const upstream = request(
      new URL(target),
      { method, path: url, headers: translated },
      (answer) => {
        if (isExclusive && answer.statusCode === 412) {
          answer.resume()
          res.writeHead(409, { 'content-type': 'application/xml' })
          res.end('<Error><Code>FileAlreadyExists</Code><Message>it is there</Message></Error>')
          return
        }
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.pipe(res)
      },
    )
    upstream.once('error', () => res.destroy())
    upstream.on('continue', () => res.writeContinue())
    req.pipe(upstream)
  })
  server.on('checkContinue', (req, res) => server.emit('request', req, res))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = await listen(server, '127.0.0.1', 0)
  return { port: Number(new URL(url).port), seen }
}
