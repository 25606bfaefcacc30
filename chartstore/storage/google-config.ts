import { z } from 'zod'
import { type Env, parseEnv } from '../../service/env.ts'

/** A bucket of Google Cloud Storage. Credentials are found by the SDK itself. */
export interface GoogleConfig {
  kind: 'google'
  bucket: string
  /** In front of every project, without slashes at its ends; empty: none. */
  prefix: string
  /** Another server than Google's, or a private way to it. One without TLS is asked without credentials. */
  endpoint: string | undefined
}

const googleSchema = z.object({
  STORAGE_GOOGLE_BUCKET: z.string().default(''),
  STORAGE_GOOGLE_PREFIX: z.string().default(''),
  STORAGE_GOOGLE_ENDPOINT: z
    .string()
    .regex(/^https?:\/\/[^\s/]+\/?$/, 'expected a URL such as https://storage.example.com')
    .optional(),
})

/** @throws {ConfigError} */
export function loadGoogleConfig(env: Env): GoogleConfig {
  const faults = env.STORAGE_GOOGLE_BUCKET
    ? []
    : ['STORAGE_GOOGLE_BUCKET is required: the bucket that charts are kept in']
  const parsed = parseEnv(googleSchema, env, faults)
  return {
    kind: 'google',
    bucket: parsed.STORAGE_GOOGLE_BUCKET,
    prefix: parsed.STORAGE_GOOGLE_PREFIX.replace(/^\/+|\/+$/g, ''),
    endpoint: parsed.STORAGE_GOOGLE_ENDPOINT?.replace(/\/$/, ''),
  }
}
