import type { Request } from 'express'
import { z } from 'zod'
import { UnprocessableEntity } from './errors.ts'

/** A text. As in all of these, '' counts as none, and of several values the last is taken. */
export const queryText = z
  .preprocess(
    lastValue,
    z
      .string()
      .refine((text) => !text.includes('\0'), 'has a NUL character')
      .optional(),
  )
  .optional()

export const queryInteger = z
  .preprocess(readInteger, z.int({ error: mustBe('int64') }).optional())
  .optional()

export const queryBoolean = z
  .preprocess(readBoolean, z.boolean({ error: mustBe('bool') }).optional())
  .optional()

/** @throws {UnprocessableEntity} that names the parameter, in Harbor's words. */
export function readQuery<Query extends z.ZodObject>(
  { query }: Pick<Request, 'query'>,
  schema: Query,
): z.output<Query> {
  const parsed = schema.safeParse(query)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UnprocessableEntity(
    `validation failure list:\n${issue?.path[0]?.toString()} in query ${issue?.message}`,
  )
}

/** @throws {UnprocessableEntity} where a parameter is missing that the schema cannot require: '' counts as none. */
export function requireParameter(name: string, value: string | undefined): string {
  if (value !== undefined) return value
  throw new UnprocessableEntity(`validation failure list:\n${name} in query is required`)
}

function lastValue(value: unknown): unknown {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  return last === '' ? undefined : last
}

function readInteger(value: unknown): unknown {
  const text = lastValue(value)
  return typeof text === 'string' && /^[-+]?\d{1,15}$/.test(text) ? Number(text) : text
}

function readBoolean(value: unknown): unknown {
  const text = lastValue(value)
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  return text
}

function mustBe(type: string): (issue: { input: unknown }) => string {
  return ({ input }) => `must be of type ${type}: ${JSON.stringify(input)}`
}
