import { BadRequest, Forbidden } from '../http/errors.ts'

/** What somebody says of a new user. */
export interface UserProfile {
  email: string
  realname: string
  comment: string
}

const EMAIL = /^[^<>()[\]\\,;:\s@"]+@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}$/

const ILLEGAL_IN_REALNAME = /[,~#$%]/

/** Harbor's list, and two that cannot log in: Basic credentials end the name at the first colon. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const ILLEGAL_IN_USERNAME = /[,"~#%$:\x00-\x1f\x7f]/

/**
 * The user name that Harbor makes of what a client writes: with underscores for commas.
 * @throws {BadRequest} with Harbor's texts.
 */
export function readUsername(given: string): string {
  const username = given.replaceAll(',', '_')
  if (!hasLength(username, 1, 255)) throw new BadRequest('username with illegal length')
  if (ILLEGAL_IN_USERNAME.test(username)) {
    throw new BadRequest('username contains illegal characters')
  }
  return username
}

/** @throws {BadRequest} with Harbor's texts. */
export function checkProfile({ email, realname, comment }: UserProfile): void {
  if (email === '') throw new BadRequest(`email can't be empty`)
  if (!hasLength(email, 1, 255) || !EMAIL.test(email)) {
    throw new BadRequest('email with illegal format')
  }
  if (!hasLength(realname, 1, 255)) throw new BadRequest('realname with illegal length')
  if (ILLEGAL_IN_REALNAME.test(realname)) {
    throw new BadRequest('realname contains illegal characters')
  }
  if (!hasLength(comment, 0, 30)) throw new BadRequest('comment with illegal length')
}

/** For passwords and for robots' own secrets. @throws {BadRequest} with Harbor's text. */
export function checkSecret(secret: string): void {
  const isStrong =
    hasLength(secret, 8, 128) && /[A-Z]/.test(secret) && /[a-z]/.test(secret) && /\d/.test(secret)
  if (isStrong) return
  throw new BadRequest(
    'the password or secret must be 8-128, inclusively, characters long with at least 1 uppercase letter, ' +
      '1 lowercase letter and 1 number',
  )
}

/** `admin`: stays, and stays a system admin. */
export const ADMIN_ID = 1

/** @throws {Forbidden} with Harbor's text. */
export function checkChangeable(id: number, what: 'updated' | 'deleted'): void {
  if (id === ADMIN_ID) throw new Forbidden(`User with ID ${id} cannot be ${what}`)
}

/** In characters, as Postgres counts them. */
function hasLength(text: string, min: number, max: number): boolean {
  const { length } = [...text]
  return length >= min && length <= max
}
