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
  options: { headers?: Record<string, string>; status?: number } = {},
): Promise<Asked> {
  const { headers = {}, status = 200 } = options
  const asked = await new Promise<Asked>((resolve, reject) => {
    request(url, { agent, headers }, (answer) => {
      buffer(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }),
        reject,
      )
    })
      .once('error', reject)
      .end()
  })
  if (asked.status === status) return asked
  throw new Error(`${url}: ${asked.status} instead of ${status}: ${asked.body.subarray(0, 200)}`)
}
