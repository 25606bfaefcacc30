import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buildChart } from './chart-package.ts'
import type { TestGateway } from './gateway.ts'

/** An answer on a chart route, where errors are for cm-push and for Harbor's clients alike. */
export interface UploadAnswer {
  status: number
  /** '' where it went well. */
  error: string
}

export interface UploadRequest {
  as: string
  query?: string
  headers?: Record<string, string>
}

/** A package of its own size, roughly: noise does not compress. */
export function buildNoise(name: string, version: string, bytes: number): Promise<Buffer> {
  return buildChart({ name, version, files: { noise: randomBytes(bytes) } })
}

/** Uploads through a gateway to one project: a body as it is, a form of files by their fields, or what streams. */
export async function uploadTo(
  gateway: TestGateway,
  path: string,
  content: Buffer | string | FormData | ReadableStream,
  { as, query = '', headers = {} }: UploadRequest,
): Promise<UploadAnswer> {
  const isBytes = typeof content === 'string' || Buffer.isBuffer(content)
  const response = await gateway.get(`/api/chartrepo/${path}${query}`, {
    method: 'POST',
    as,
    headers,
    body: isBytes ? new Blob([content]) : content,
    ...(content instanceof ReadableStream ? { duplex: 'half' } : {}),
  })
  const body: unknown = await response.json()
  if (response.status === 201) {
    assert.deepEqual(body, { saved: true })
    return { status: 201, error: '' }
  }
  assert.ok(typeof body === 'object' && body !== null && 'error' in body && 'errors' in body)
  assert.partialDeepStrictEqual(body.errors, [{ message: body.error }])
  return { status: response.status, error: String(body.error) }
}

export function formOf(files: Record<string, Buffer | string>): FormData {
  const form = new FormData()
  for (const [field, content] of Object.entries(files)) {
    form.append(field, new Blob([content]), field)
  }
  return form
}
