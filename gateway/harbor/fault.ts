import { BadRequest } from '../http/errors.ts'

/** What the rules of the API have against something, in their words. */
export function findFault(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof BadRequest) return error.message
    throw error
  }
}
