import { createHash, timingSafeEqual } from 'node:crypto'
import { StoreError } from '../http/store-error.ts'
import type { Authenticate } from './authenticator.ts'

/** One shared user and password, as ChartMuseum's. Compared in constant time; the scheme in any case. */
export function createBasicAuthenticator(
  credentials: { user: string; password: string },
  allowsAnonymousPull: boolean,
): Authenticate {
  const expected = digest(`${credentials.user}:${credentials.password}`)
  return (headers, action) => {
    if (allowsAnonymousPull && action === 'pull') return
    const presented = /^basic +([\w+/=-]+)$/i.exec(headers.authorization ?? '')?.[1]
    const text = presented === undefined ? '' : Buffer.from(presented, 'base64').toString('utf8')
    if (timingSafeEqual(digest(text), expected)) return
    throw new StoreError(401, 'unauthorized', { 'www-authenticate': 'Basic realm="ChartMuseum"' })
  }
}

/** Equal lengths for the comparison, whatever was presented. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
