import assert from 'node:assert/strict'
import { z } from 'zod'
import { readApiDescription } from './api-description.ts'
import { PASSWORD, type TestGateway } from './gateway.ts'

export interface RestAnswer {
  status: number
  headers: Headers
  /** Parsed, where it is JSON; else the text. */
  body: unknown
}

export interface RestRequest {
  /** Whom it comes from; nobody, when it is left out. */
  as?: string
  password?: string
  headers?: Record<string, string>
}

export type RestClient = ReturnType<typeof createRestClient>

/** The REST API of a gateway, as a client has it. Every answer is held against what the API says of itself. */
export function createRestClient(gateway: TestGateway) {
  let description: ReturnType<typeof readApiDescription> | undefined
  const send = async (
    method: string,
    path: string,
    content: unknown,
    { headers = {}, ...who }: RestRequest,
  ): Promise<RestAnswer> => {
    const hasBody = content !== undefined
    const response = await gateway.get(`/api/v2.0${path}`, {
      method,
      headers: { ...(hasBody ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(hasBody ? { body: typeof content === 'string' ? content : JSON.stringify(content) } : {}),
      ...who,
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    const body: unknown = isJson && text !== '' ? JSON.parse(text) : text
    const { status } = response
    description ??= readApiDescription(gateway.url)
    const contentType = response.headers.get('content-type') ?? undefined
    const [withoutQuery = ''] = path.split('?')
    const { check } = await description
    check({ method, path: `/api/v2.0${withoutQuery}`, status, contentType, body })
    return { status, headers: response.headers, body }
  }

  return {
    get: (path: string, who: RestRequest = {}) => send('GET', path, undefined, who),
    head: (path: string, who: RestRequest = {}) => send('HEAD', path, undefined, who),
    delete: (path: string, who: RestRequest = {}) => send('DELETE', path, undefined, who),
    post: (path: string, content: unknown, who: RestRequest = {}) =>
      send('POST', path, content, who),
    put: (path: string, content: unknown, who: RestRequest = {}) => send('PUT', path, content, who),
    patch: (path: string, content: unknown, who: RestRequest = {}) =>
      send('PATCH', path, content, who),
    send,
  }
}

/** The same password for everybody who was made by the API: strong by Harbor's rule. */
export { PASSWORD }

const errorBody = z.strictObject({
  errors: z.tuple([z.strictObject({ code: z.string(), message: z.string() })]),
})

/** That it is Harbor's error, and nothing else. */
export function assertError(
  answer: RestAnswer,
  status: number,
  code: string,
  message: string | RegExp,
): void {
  assert.equal(answer.status, status, JSON.stringify(answer.body))
  const [error] = errorBody.parse(answer.body).errors
  assert.equal(error.code, code)
  if (typeof message === 'string') assert.equal(error.message, message)
  else assert.match(error.message, message)
}

/** The id at the end of a Location, which must be a path. */
export function createdId(answer: RestAnswer): number {
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  const location = answer.headers.get('location') ?? ''
  assert.match(location, /^\/api\/v2\.0\/[^?]+\/\d+$/)
  return Number(location.split('/').at(-1))
}
