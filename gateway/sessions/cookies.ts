import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'

/** Harbor's names (spec/harbor.md 2.3). */
export const SESSION_COOKIE = 'sid'
export const CSRF_COOKIE = '_gorilla_csrf'
export const CSRF_HEADER = 'X-Harbor-CSRF-Token'

export function hasCookie(req: IncomingMessage, name: string): boolean {
  return readValues(req, name).length > 0
}

/**
 * The value of a cookie, where the request brings one value. Two are none: a neighbouring host can add a cookie of this
 * name for the domain of both, and which of them the browser names first is its choice.
 */
export function readCookie(req: IncomingMessage, name: string): string | undefined {
  const values = new Set(readValues(req, name))
  return values.size === 1 ? [...values][0] : undefined
}

/**
 * The session's cookie is Lax: a link to a chart, in a chat or a mail, works for who is signed in, and no other site can
 * send a form or script with it; what Lax lets through, opening a page, changes nothing here but one's own logout. Neither
 * cookie is for scripts. Without a time they end with the browser, at the latest.
 * @param value of characters that need no encoding; '' takes the cookie away.
 */
export function formatCookie(name: string, value: string, isSecure: boolean): string {
  const sameSite = name === SESSION_COOKIE ? 'Lax' : 'Strict'
  const over = value === '' ? '; Max-Age=0' : ''
  const secure = isSecure ? '; Secure' : ''
  return `${name}=${value}; Path=/; HttpOnly; SameSite=${sameSite}${over}${secure}`
}

/** Whether the browser has come by https, as far as a proxy that is believed or EXTERNAL_URL tells. */
export function createSecureTest(externalUrl: string | undefined): (req: Request) => boolean {
  const isSecureOutside = externalUrl?.startsWith('https:') === true
  return (req) => isSecureOutside || req.secure
}

function readValues(req: IncomingMessage, name: string): string[] {
  return (req.headers.cookie ?? '').split(';').flatMap((pair) => {
    const end = pair.indexOf('=')
    return end > 0 && pair.slice(0, end).trim() === name ? [pair.slice(end + 1).trim()] : []
  })
}
