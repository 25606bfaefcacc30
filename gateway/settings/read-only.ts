import type { RequestHandler } from 'express'
import { HttpError } from '../http/errors.ts'
import type { LiveSettings } from './settings.ts'

type Reader = Pick<LiveSettings, 'read'>

/** What goes on: signing in and out, tokens (for reading), and ending the mode. */
const WRITABLE_PATH = /^\/(?:c|service)\/|^\/api\/(?:v2\.0\/)?configurations$/

/** @throws {HttpError} 403 `DENIED`, as Harbor does, while the system is in read only mode. */
export async function requireWritable(settings: Reader): Promise<void> {
  const { read_only } = await settings.read()
  if (!read_only) return
  throw new HttpError(
    403,
    'DENIED',
    'The system is in read only mode. Any modification is prohibited.',
  )
}

/** Refuses whatever could change something while the system is in read only mode (spec/harbor.md 1.8). */
export function createReadOnlyGuard(settings: Reader): RequestHandler {
  return async (req, _res, next) => {
    const isReading = req.method === 'GET' || req.method === 'HEAD' || req.method === 'OPTIONS'
    if (!isReading && !WRITABLE_PATH.test(req.path)) await requireWritable(settings)
    next()
  }
}
