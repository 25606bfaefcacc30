import type { Request } from 'express'
import { UnprocessableEntity } from './errors.ts'

/** One value of a query parameter, the last if there are several, '' counting as none. */
export function readParameter(req: Request, name: string): string | undefined {
  const value: unknown = req.query[name]
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  if (typeof last !== 'string' || last === '') return undefined
  if (last.includes('\0')) throw new UnprocessableEntity(`${name} in query has a NUL character`)
  return last
}

export function readInteger(req: Request, name: string): number | undefined {
  const text = readParameter(req, name)
  if (text === undefined) return undefined
  if (/^[-+]?\d{1,15}$/.test(text)) return Number(text)
  throw new UnprocessableEntity(`${name} in query must be of type int64: ${JSON.stringify(text)}`)
}

export function readBoolean(req: Request, name: string): boolean | undefined {
  const text = readParameter(req, name)
  if (text === undefined) return undefined
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw new UnprocessableEntity(`${name} in query must be of type bool: ${JSON.stringify(text)}`)
}
