import type { Request } from 'express'
import { UnprocessableEntity } from './errors.ts'

const MAX_ID = 2_147_483_647

/**
 * The number in a path parameter. A number that no row can have is one that is not found, so it becomes 0.
 * @throws {UnprocessableEntity} for what is no number.
 */
export function readPathId(req: Request, name: string): number {
  const text = readPathText(req, name)
  if (!/^-?\d+$/.test(text)) {
    throw new UnprocessableEntity(`${name} in path must be of type int64: ${JSON.stringify(text)}`)
  }
  return toRowId(text)
}

export function readPathText(req: Request, name: string): string {
  const value = req.params[name]
  return typeof value === 'string' ? value : ''
}

/** The project that a path means: digits are an id, unless the client says that they are a name. */
export function readPathProject(req: Request): { name: string } | { id: number } {
  const text = readPathText(req, 'project')
  const isName = req.get('X-Is-Resource-Name') === 'true'
  return /^\d+$/.test(text) && !isName ? { id: toRowId(text) } : { name: text }
}

function toRowId(digits: string): number {
  const number = Number(digits)
  return number > 0 && number <= MAX_ID ? number : 0
}
