import { isUtf8 } from 'node:buffer'
import type { Credential } from './credentials.ts'

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i

/**
 * The name and password of a Basic header (RFC 7617), or undefined for any other header: the name ends at the first
 * colon, both are UTF-8, neither is empty, neither holds a control character.
 */
export function parseBasicCredential(header: string): Credential | undefined {
  const encoded = BASIC.exec(header)?.[1]
  if (encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  if (!isUtf8(bytes)) return undefined
  return splitCredential(bytes.toString('utf8'))
}

function splitCredential(text: string): Credential | undefined {
  const colon = text.indexOf(':')
  const credential = { login: text.slice(0, colon), password: text.slice(colon + 1) }
  return colon > 0 && isPlausible(credential) ? credential : undefined
}

/** No control characters (RFC 7617; and Postgres takes no NUL), nothing empty. */
export function isPlausible({ login, password }: Credential): boolean {
  return login !== '' && password !== '' && !/\p{Cc}/u.test(login) && !/\p{Cc}/u.test(password)
}
