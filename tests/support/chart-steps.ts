import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { load } from 'js-yaml'
import type { OpenFace } from './chart-faces.ts'
import type { Index } from './store-client.ts'

/** A request for the charts of a project, at whichever face: below `api/`, or in the repository. */
export interface Ask {
  method: string
  path: string
  body?: Blob | FormData
}

/** The text of an error, the bytes of a file, what JSON must be equal to, or a check of the body. */
export type Expected = string | Buffer | object | ((body: string) => void)

/**
 * A request, its status and its body (whatever it is, where none is given) at a chart store; and what a gateway answers
 * instead where it differs on purpose, as Harbor did.
 */
export type Step = readonly [Ask, number, (Expected | undefined)?, AtGateway?]

export interface AtGateway {
  status: number
  body: Expected | undefined
}

export const harbor = (status: number, body?: Expected): AtGateway => ({ status, body })

export const get = (path: string): Ask => ({ method: 'GET', path })
export const head = (path: string): Ask => ({ method: 'HEAD', path })
export const remove = (path: string): Ask => ({ method: 'DELETE', path })

export const raw = (path: string, content: Buffer | string): Ask => ({
  method: 'POST',
  path,
  body: new Blob([content]),
})

/** A form of files by the names of its fields. */
export function form(path: string, files: Record<string, Buffer | string>): Ask {
  const body = new FormData()
  for (const [field, content] of Object.entries(files)) {
    body.append(field, new Blob([content]), '/tmp/helm-push-1/upload.tgz')
  }
  return { method: 'POST', path, body }
}

/** An index of exactly these packages, each of them once. */
export function holds(...packages: Buffer[]): (body: string) => void {
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  return (body) => {
    const { entries } = load(body) as Index
    const digests = Object.values(entries).flatMap((versions) => versions.map((v) => v.digest))
    assert.deepEqual(digests.sort(), packages.map(sha256).sort())
  }
}

export async function send({ api, repository, headers }: OpenFace, ask: Ask): Promise<Response> {
  const { method, path, body } = ask
  const url = path.startsWith('api/') ? `${api}${path.slice(3)}` : `${repository}/${path}`
  return fetch(url, { method, headers, ...(body && { body }) })
}

/** Takes the steps in their order; the first that is answered otherwise fails. */
export async function takeSteps(face: OpenFace, steps: readonly Step[]): Promise<void> {
  for (const [turn, [ask, status, body, atGateway]] of steps.entries()) {
    const wanted = (face.isGateway ? atGateway : undefined) ?? { status, body }
    const response = await send(face, ask)
    const content = Buffer.from(await response.arrayBuffer())
    const what = `${ask.method} ${ask.path} (step ${turn + 1})`
    assert.equal(response.status, wanted.status, `${what}: ${content.subarray(0, 500)}`)
    assert.ok(response.headers.get('x-request-id'), what)
    checkBody(content, wanted.body, what)
  }
}

function checkBody(content: Buffer, expected: Expected | undefined, what: string): void {
  if (expected === undefined) return
  if (Buffer.isBuffer(expected)) assert.ok(content.equals(expected), `${what}: other bytes`)
  else if (typeof expected === 'function') expected(content.toString())
  else if (typeof expected === 'string') {
    assert.equal((JSON.parse(content.toString()) as { error: unknown }).error, expected, what)
  } else assert.deepEqual(JSON.parse(content.toString()), expected, what)
}
