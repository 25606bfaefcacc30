import type { Request } from 'express'
import { z } from 'zod'
import { BadRequest, HttpError, NotFound } from '../http/errors.ts'
import type { Call, Operation } from '../http/operation.ts'
import { readQuery } from '../http/query-parameters.ts'
import type { Reply } from '../http/reply.ts'
import { toHttpError } from '../http/to-http-error.ts'

/** The parameters of a query, before any schema has read them. */
export type RawQuery = Request['query']

/** What Harbor 1.7 said otherwise than Harbor 2, of one operation. All are optional: most is the same. */
export interface Translation {
  /** Before anything else is looked at. */
  prepare?: (req: Request) => Promise<void>
  /** The query that Harbor 2 takes. Pages need no translation. */
  query?: (query: RawQuery) => RawQuery
  /** A list that 1.7 did not cut into pages. */
  isWhole?: true
  /** The body that Harbor 2 takes. */
  body?: (body: unknown) => unknown
  /** What was answered, from what Harbor 2 answers. */
  answer?: (answer: unknown, req: Request) => unknown
  /** The text of a refusal, from that of Harbor 2. */
  refusal?: (refused: { status: number; message: string }) => string
}

/** An operation of Harbor 2 as Harbor 1.7 had it (spec/harbor.md 3.10). */
export function toOldOperation(operation: Operation, translation: Translation): Operation {
  const { prepare, body: translateBody, answer, refusal } = translation
  const { body } = operation

  const handle = async ({ req, readBody }: Call<unknown, unknown>): Promise<Reply<unknown>> => {
    if (!/^\d*$/.test(String(req.params.project ?? ''))) {
      throw new NotFound(`path ${req.baseUrl}${req.path} was not found`)
    }
    // it looked at the type of a POST only; a browser asks before it sends any PUT across sites
    if (req.method === 'PUT') req.headers['content-type'] = 'application/json'
    await prepare?.(req)
    const query = readOldQuery(req, operation.query, translation)
    const reply = await operation.handle({ req, query, readBody })
    return {
      ...reply,
      headers: toOldHeaders(req, reply.headers),
      ...(answer === undefined ? {} : { body: answer(reply.body, req) }),
    }
  }

  return {
    ...operation,
    query: z.object({}),
    body: body && translateBody ? z.preprocess(translateBody, body) : body,
    handle: (call) =>
      handle(call).catch((error: unknown) => {
        throw toOldError(toHttpError(error), call.req, refusal)
      }),
  }
}

const MAX_PAGE_SIZE = 500

/** Pages were longer, and a wrong one was 400. */
function readOldQuery(
  req: Request,
  schema: z.ZodObject,
  { query: translate, isWhole }: Translation,
): unknown {
  const given = translate?.(req.query) ?? req.query
  if (!('page_size' in schema.shape)) return readQuery({ query: given }, schema)
  const rest = readQuery({ query: given }, schema.omit({ page: true, page_size: true }))
  if (isWhole) return { ...rest, page_size: 0 }
  const page = readPositive(given, 'page', 1)
  const size = readPositive(given, 'page_size', MAX_PAGE_SIZE)
  return { ...rest, page, page_size: Math.min(size, MAX_PAGE_SIZE) }
}

function readPositive(query: RawQuery, name: string, byDefault: number): number {
  const text = query[name]
  if (text === undefined || text === '') return byDefault
  if (typeof text === 'string' && /^\+?0*[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new BadRequest(`invalid ${name}`)
}

function toOldHeaders(req: Request, headers: Reply['headers'] = {}): Record<string, string> {
  const { Location, Link, ...others } = headers
  const id = Location?.split('/').at(-1)
  return {
    ...others,
    // where it was asked for: Harbor 1.7 kept even the query in it
    ...(id === undefined
      ? {}
      : { Location: `${req.baseUrl}${req.path.replace(/\/+$/, '')}/${id}` }),
    ...(Link === undefined ? {} : { Link: Link.replace(' , ', ', ') }),
  }
}

function toOldError(
  { status, code, message, cause, headers }: HttpError,
  { principal }: Request,
  refusal: Translation['refusal'] = (refused) => refused.message,
): HttpError {
  const oldStatus = status === 422 ? 400 : status
  const plain = message.replace('validation failure list:\n', '')
  const isBare = status === 403 && plain === 'forbidden' && principal.kind !== 'anonymous'
  const text = refusal({ status: oldStatus, message: isBare ? principal.name : plain })
  return new HttpError(oldStatus, code, text, { cause, headers: { ...headers } })
}
