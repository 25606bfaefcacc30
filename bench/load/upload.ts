import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Peer } from '../peers/peer.ts'

const agent = new Agent({ keepAlive: true })

/** Uploads one package, which must be taken. @returns milliseconds until the answer */
export function upload(peer: Peer, project: string, bytes: Buffer): Promise<number> {
  return send(peer, project, Readable.from([bytes]), bytes.length)
}

/** The same for one that is too large to be held. */
export async function uploadFile(peer: Peer, project: string, path: string): Promise<number> {
  const { size } = await stat(path)
  return send(peer, project, createReadStream(path, { highWaterMark: 1024 * 1024 }), size)
}

async function send(peer: Peer, project: string, body: Readable, length: number): Promise<number> {
  const started = performance.now()
  const headers = {
    ...peer.headers,
    'content-type': 'application/octet-stream',
    'content-length': length,
  }
  const outgoing = request(`${peer.api(project)}/charts`, { method: 'POST', agent, headers })
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    outgoing.once('error', reject)
    outgoing.once('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on('error', reject)
    })
  })
  const [{ status, text }] = await Promise.all([answered, pipeline(body, outgoing)])
  if (status === 201) return performance.now() - started
  throw new Error(`upload to ${project} of ${peer.name}: ${status} ${text}`)
}
