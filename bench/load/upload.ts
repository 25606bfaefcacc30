import { Agent, request } from 'node:http'
import type { Peer } from '../peers/peer.ts'

const agent = new Agent({ keepAlive: true })

/** Uploads one package, which must be taken. @returns milliseconds until the answer */
export async function upload(peer: Peer, project: string, bytes: Buffer): Promise<number> {
  const started = performance.now()
  const { status, text } = await post(peer, project, bytes)
  if (status === 201) return performance.now() - started
  throw new Error(`upload to ${project} of ${peer.name}: ${status} ${text}`)
}

function post(peer: Peer, project: string, bytes: Buffer) {
  const headers = {
    ...peer.headers,
    'content-type': 'application/octet-stream',
    'content-length': bytes.length,
  }
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    request(`${peer.api(project)}/charts`, { method: 'POST', agent, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on('error', reject)
    })
      .once('error', reject)
      .end(bytes)
  })
}
