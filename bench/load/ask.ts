import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

export interface Asked {
  status: number
  headers: IncomingHttpHeaders
  /** As it came: nothing is decompressed. */
  body: Buffer
}

const agent = new Agent({ keepAlive: true })

/** One request, which must be answered with this status. */
export async function ask(
  url: string,
  options: {
    headers?: Record<string, string>
    /** Sent, by POST. */
    form?: URLSearchParams
    status?: number
  } = {},
): Promise<Asked> {
  const { headers = {}, form, status = 200 } = options
  const method = form === undefined ? 'GET' : 'POST'
  const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  const asked = await new Promise<Asked>((resolve, reject) => {
    request(url, { agent, method, headers: { ...headers, ...type } }, (answer) => {
      buffer(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }),
        reject,
      )
    })
      .once('error', reject)
      .end(form?.toString())
  })
  if (asked.status === status) return asked
  throw new Error(`${url}: ${asked.status} instead of ${status}: ${asked.body.subarray(0, 200)}`)
}
