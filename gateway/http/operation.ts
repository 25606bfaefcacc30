import type { Request } from 'express'
import { z } from 'zod'
import type { Reply } from './reply.ts'

/** A request, as the operation's own schemas read it. */
export interface Call<Query = object, Body = undefined> {
  req: Request
  query: Query
  /** To be called once the caller is known to be allowed: nobody else's body is read. */
  readBody: () => Promise<Body>
}

/** One operation of the REST API: what carries it out, and what its documentation says of it. */
export interface Operation {
  /** One line. */
  summary: string
  query: z.ZodObject
  /** undefined: it takes none. */
  body: z.ZodType | undefined
  /** Of success. */
  status: number
  /** What is answered; undefined: no body. */
  answer: z.ZodType | undefined
  /** What the call holds must have been read by the schemas above. */
  handle: (call: Call<unknown, unknown>) => Promise<Reply<unknown>>
}

const NO_QUERY = z.object({})

/**
 * An operation whose handler is held to its schemas by the compiler.
 * @example
 * operation({ summary: 'Tell of a user', answer: userModel, handle: ({ req }) => readUser(req) })
 */
export function operation<
  Query extends z.ZodObject = typeof NO_QUERY,
  Body extends z.ZodType = z.ZodUndefined,
  Answer extends z.ZodType = z.ZodUndefined,
>(definition: {
  summary: string
  query?: Query
  body?: Body
  status?: 201
  answer?: Answer
  handle: (
    call: Call<z.output<Query>, z.output<Body>>,
  ) => Promise<Reply<z.output<Answer>>> | Reply<z.output<Answer>>
}): Operation {
  const { summary, query, body, status = 200, answer, handle } = definition
  return {
    summary,
    query: query ?? NO_QUERY,
    body,
    status,
    answer,
    // whose schemas have read it
    handle: async (call) => handle(call as Call<z.output<Query>, z.output<Body>>),
  }
}
