import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import { Forbidden } from '../http/errors.ts'
import {
  CSRF_COOKIE,
  CSRF_HEADER,
  formatCookie,
  hasCookie,
  readCookie,
  SESSION_COOKIE,
} from './cookies.ts'
import { isProgramPath } from './program-path.ts'

declare global {
  namespace Express {
    interface Request {
      /** Whether a page of ours has sent it, as a right CSRF token proves. */
      isFromOwnPage?: boolean
    }
  }
}

const TOKEN_BYTES = 32
const TOKEN = /^[\w-]{43}$/
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Harbor's protection (spec/harbor.md 2.3; CVE-2019-19025): a random token in a cookie must come again in a header,
 * which no other site can set. The header of every answer has the token, so that a client that is refused can repeat its
 * request: Terraform does. In the header it is masked anew each time, so that its bytes never repeat in a compressed
 * answer (BREACH).
 *
 * A request with an Authorization header needs none, whatever cookies it has: its credential is the header, never the
 * cookie. That a browser may have kept a Basic credential, and send it by itself, is why none may come from another site.
 */
export function createCsrfProtection(isSecure: (req: Request) => boolean): RequestHandler {
  return (req, res, next) => {
    const isSafe = SAFE_METHODS.has(req.method)
    if (!isSafe && isFromOtherSite(req)) throw new Forbidden('request from another site')
    const presented = req.get(CSRF_HEADER)
    const isProgram =
      isProgramPath(req.path) && !hasCookie(req, SESSION_COOKIE) && presented === undefined
    if (req.headers.authorization !== undefined || isProgram) {
      next()
      return
    }
    const known = readToken(req)
    const token = known ?? randomBytes(TOKEN_BYTES)
    if (known === undefined) {
      res.append('Set-Cookie', formatCookie(CSRF_COOKIE, encode(token), isSecure(req)))
    }
    res.setHeader(CSRF_HEADER, mask(token))
    if (!isSafe) {
      if (presented === undefined) throw new Forbidden('CSRF token not found in request')
      if (known === undefined || !isMaskOf(presented, known)) {
        throw new Forbidden('CSRF token invalid')
      }
      req.isFromOwnPage = true
    }
    next()
  }
}

/** As browsers tell, and nothing else does (W3C Fetch Metadata). */
function isFromOtherSite(req: Request): boolean {
  const site = req.get('Sec-Fetch-Site') ?? 'none'
  return site !== 'none' && site !== 'same-origin'
}

function readToken(req: Request): Buffer | undefined {
  const text = readCookie(req, CSRF_COOKIE)
  return text !== undefined && TOKEN.test(text) ? Buffer.from(text, 'base64url') : undefined
}

/** A one-time pad, and the token under it. */
function mask(token: Buffer): string {
  const pad = randomBytes(token.length)
  return encode(Buffer.concat([pad, xor(pad, token)]))
}

function isMaskOf(text: string, token: Buffer): boolean {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 2 * token.length) return false
  return timingSafeEqual(xor(bytes.subarray(0, token.length), bytes.subarray(token.length)), token)
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)))
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64url')
}
