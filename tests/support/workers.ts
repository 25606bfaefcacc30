import assert from 'node:assert/strict'
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { load } from 'js-yaml'
import { ADMIN, basicAuth } from './accounts.ts'
import { chartsOfGateway } from './chart-api.ts'
import { findChildrenOf } from './child-processes.ts'
import { eventually } from './eventually.ts'
import { buildNoise, formOf } from './project-uploads.ts'
import type { RunningProgram } from './running-chartgate.ts'
import { signedText } from './signed-text.ts'
import type { Index } from './store-client.ts'
import { sha256 } from './upload-load.ts'

export interface WorkerAnswer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

/** One kept connection to a gateway, and so always the same of its workers. */
export interface WorkerClient {
  worker: number
  /** As the admin, unless headers say otherwise. */
  send: (
    method: string,
    path: string,
    content?: Buffer | string,
    headers?: OutgoingHttpHeaders,
  ) => Promise<WorkerAnswer>
}

/** A client of each worker. The gateway must log requests: that tells who answers. */
export async function connectToEach(
  t: TestContext,
  program: RunningProgram,
  count: number,
): Promise<WorkerClient[]> {
  const found = new Map<number, WorkerClient>()
  while (found.size < count) {
    const client = await connectToOne(t, program)
    if (!found.has(client.worker)) found.set(client.worker, client)
  }
  return [...found.values()].sort((a, b) => a.worker - b.worker)
}

async function connectToOne(t: TestContext, program: RunningProgram): Promise<WorkerClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const send: WorkerClient['send'] = async (method, path, content, headers) => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const sent = request(`${program.url}${path}`, {
      agent,
      method,
      headers: { ...basicAuth(ADMIN), ...headers },
    })
    sent.on('response', resolve).on('error', reject).end(content)
    const answer = await promise
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) }
  }
  const { headers } = await send('GET', '/api/v2.0/systeminfo')
  const worker = await eventually(() => findWorker(program, String(headers['x-request-id'])))
  return { worker, send }
}

function findWorker({ output }: RunningProgram, requestId: string): number {
  const line = output()
    .split('\n')
    .find((candidate) => candidate.includes(requestId))
  if (line === undefined) throw new Error('not logged yet')
  return (JSON.parse(line) as { worker: number }).worker
}

export async function indexOf({ send }: WorkerClient, project: string): Promise<Index> {
  const { status, body } = await send('GET', `/chartrepo/${project}/index.yaml`)
  if (status !== 200) throw new Error(`index.yaml: ${status} ${body}`)
  return load(body) as Index
}

export function uploadTo(
  { send }: WorkerClient,
  project: string,
  content: Buffer,
): Promise<WorkerAnswer> {
  return send('POST', `/api/chartrepo/${project}/charts`, content)
}

/** Sends one version with a provenance over many connections at the same time; all must be taken. */
export async function replacePairAtOnce(url: string, project: string): Promise<void> {
  const { api, headers } = chartsOfGateway(url, project)
  const uploads = Array.from({ length: 8 }, async () => {
    const chart = await buildNoise('web', '1.0.0', 100)
    const prov = signedText('web', '1.0.0', sha256(chart))
    const init = { method: 'POST', headers, body: formOf({ chart, prov }) }
    const answer = await fetch(`${api}/charts`, init)
    assert.equal(answer.status, 201, await answer.text())
  })
  await Promise.all(uploads)
}

/** The chart that is listed is the one that the provenance was made for. */
export async function assertPair(client: WorkerClient, project: string): Promise<void> {
  const { body } = await client.send('GET', `/chartrepo/${project}/charts/web-1.0.0.tgz.prov`)
  const { entries } = await indexOf(client, project)
  assert.ok(body.includes(`sha256:${entries.web?.[0]?.digest}`), body)
}

export function findWorkerPids({ pid }: RunningProgram): Promise<number[]> {
  return findChildrenOf(pid, /gateway\/cluster\/main\.ts/)
}
