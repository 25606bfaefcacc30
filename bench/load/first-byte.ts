import { Agent, request } from 'node:http'

const agent = new Agent({ keepAlive: true })

export interface Transfer {
  /** Until the first byte of the body. */
  firstByteMs: number
  totalMs: number
  bytes: number
}

/** Reads and throws away. */
export function timeTransfer(url: string, headers: Record<string, string>): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const since = () => performance.now() - started
    request(url, { agent, headers }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.resume()
        reject(new Error(`${url}: ${answer.statusCode}`))
        return
      }
      let firstByteMs = 0
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = since()
        bytes += chunk.length
      })
      answer.on('end', () => resolve({ firstByteMs, totalMs: since(), bytes }))
      answer.on('error', reject)
    })
      .once('error', reject)
      .end()
  })
}
