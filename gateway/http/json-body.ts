import type { Request } from 'express'
import type { z } from 'zod'
import { BadRequest, HttpError, UnprocessableEntity } from './errors.ts'

const MAX_BYTES = 1024 * 1024

/**
 * The JSON body of a request. Schemas are closed: what they do not name is dropped, never assigned.
 * @throws {BadRequest} for what is not JSON or has the wrong type, {UnprocessableEntity} for what is missing, 413, 415.
 */
export async function readJsonBody<Schema extends z.ZodType>(
  req: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  // also what a browser cannot send across sites without asking
  if (!req.is('application/json')) {
    const given = req.headers['content-type'] ?? ''
    throw new HttpError(
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      `unsupported media type "${given}", only [application/json] are allowed`,
    )
  }
  const bytes = await readBytes(req).catch((error: unknown) => {
    // the client went away: nobody reads this, but it is no fault of ours to log
    throw req.readableAborted ? new BadRequest('the body ended early') : error
  })
  const parsed = schema.safeParse(parseJson(bytes))
  if (parsed.success) return parsed.data
  throw toHttpError(parsed.error.issues)
}

async function readBytes(req: Request): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  // the refusal is to reach a client that is still sending: the connection must outlive the reading
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > MAX_BYTES) {
      throw new HttpError(
        413,
        'REQUEST_ENTITY_TOO_LARGE',
        `the body is longer than ${MAX_BYTES} bytes`,
      )
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks, length)
}

function parseJson(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return JSON.parse(text, refuseNul)
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw new BadRequest('the body is not valid JSON')
  }
}

/** Postgres text cannot hold it. */
function refuseNul(_key: string, value: unknown): unknown {
  if (typeof value === 'string' && value.includes('\0')) {
    throw new BadRequest('the body has a NUL character')
  }
  return value
}

/** Harbor: 422 for what is missing, 400 for what cannot be decoded (spec/harbor.md 3.1). */
function toHttpError(issues: readonly z.core.$ZodIssue[]): HttpError {
  const [issue] = issues
  if (issue === undefined) return new BadRequest('the body is not valid')
  const field = issue.path.join('.') || 'the body'
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  if (isMissing) return new UnprocessableEntity(`${field} in body is required`)
  return new BadRequest(`${field} in body is not valid: ${issue.message}`)
}
