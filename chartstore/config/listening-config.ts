import { z } from 'zod'
import { type Env, envBoolean, envInteger, envLogLevel, parseEnv } from '../../service/env.ts'
import { isSafeSegment } from '../storage/path-segment.ts'
import { isSet } from './config.ts'

export interface ListeningConfig {
  host: string
  port: number
  logLevel: string
  logsHealth: boolean
  auth:
    | { kind: 'none' }
    | { kind: 'basic'; user: string; password: string }
    | { kind: 'bearer'; realm: string; service: string; certPath: string }
  allowsAnonymousPull: boolean
  /** What every path begins with, without a slash at the end; empty: nothing. */
  contextPath: string
  /** Milliseconds that a connection may be silent. */
  idleMs: number
  tls: TlsFiles | undefined
  /** Origins that scripts of web pages may come from; `'*'`: any. */
  corsOrigins: ReadonlySet<string>
  hasMetrics: boolean
  webTemplateDir: string | undefined
  /** One JSON object a line on a terminal too. */
  logsJson: boolean
}

/** Paths of PEM files. */
export interface TlsFiles {
  cert: string
  key: string
  /** Clients must show a certificate of this authority. */
  clientCa: string | undefined
}

/** A connection of a client that went away without a word is not kept for longer. */
const IDLE_SECONDS = 120

const listeningSchema = z.object({
  LISTEN_HOST: z.string().default('0.0.0.0'),
  PORT: envInteger(9999, 0, 65_535),
  LOG_LEVEL: envLogLevel,
  LOG_HEALTH: envBoolean(false),
  DEBUG: envBoolean(false),
  BASIC_AUTH_USER: z.string().optional(),
  BASIC_AUTH_PASS: z.string().optional(),
  BEARER_AUTH: envBoolean(false),
  AUTH_REALM: z.string().optional(),
  AUTH_SERVICE: z.string().optional(),
  AUTH_CERT_PATH: z.string().optional(),
  AUTH_ANONYMOUS_GET: envBoolean(false),
  CONTEXT_PATH: z.string().default('').transform(toContextPath),
  READ_TIMEOUT: envInteger(IDLE_SECONDS, 1),
  WRITE_TIMEOUT: envInteger(IDLE_SECONDS, 1),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  TLS_CA_CERT: z.string().optional(),
  CORS_ALLOW_ORIGIN: z.string().default(''),
  ENABLE_METRICS: envBoolean(false),
  WEB_TEMPLATE_PATH: z.string().optional(),
  LOG_JSON: envBoolean(false),
})

function toContextPath(text: string, context: z.RefinementCtx): string {
  const segments = text.split('/').filter((segment) => segment !== '')
  if (segments.every(isSafeSegment)) return segments.map((segment) => `/${segment}`).join('')
  context.addIssue({ code: 'custom', message: 'expected a path such as /charts' })
  return z.NEVER
}

/** How a store that runs alone listens, and whom it lets in. @throws {ConfigError} */
export function loadListeningConfig(env: Env): ListeningConfig {
  const parsed = parseEnv(listeningSchema, env, [...findAuthFaults(env), ...findTlsFaults(env)])
  return {
    host: parsed.LISTEN_HOST,
    port: parsed.PORT,
    logLevel: parsed.DEBUG ? 'debug' : parsed.LOG_LEVEL,
    logsHealth: parsed.LOG_HEALTH,
    auth: chooseAuth(parsed),
    allowsAnonymousPull: parsed.AUTH_ANONYMOUS_GET,
    contextPath: parsed.CONTEXT_PATH,
    idleMs: Math.max(parsed.READ_TIMEOUT, parsed.WRITE_TIMEOUT) * 1000,
    tls: chooseTls(parsed),
    corsOrigins: new Set(
      parsed.CORS_ALLOW_ORIGIN.split(',').flatMap((origin) => origin.trim() || []),
    ),
    hasMetrics: parsed.ENABLE_METRICS,
    webTemplateDir: parsed.WEB_TEMPLATE_PATH,
    logsJson: parsed.LOG_JSON,
  }
}

function findAuthFaults(env: Env): string[] {
  if (isSet(env.BEARER_AUTH)) {
    return env.AUTH_REALM && env.AUTH_SERVICE && env.AUTH_CERT_PATH
      ? []
      : ['BEARER_AUTH needs AUTH_REALM, AUTH_SERVICE and AUTH_CERT_PATH as well']
  }
  return Boolean(env.BASIC_AUTH_USER) === Boolean(env.BASIC_AUTH_PASS)
    ? []
    : ['BASIC_AUTH_USER and BASIC_AUTH_PASS go together: set both, or neither']
}

function chooseAuth(parsed: z.output<typeof listeningSchema>): ListeningConfig['auth'] {
  const {
    AUTH_REALM: realm = '',
    AUTH_SERVICE: service = '',
    AUTH_CERT_PATH: certPath = '',
  } = parsed
  if (parsed.BEARER_AUTH) return { kind: 'bearer', realm, service, certPath }
  const { BASIC_AUTH_USER: user, BASIC_AUTH_PASS: password } = parsed
  return user && password ? { kind: 'basic', user, password } : { kind: 'none' }
}

function findTlsFaults(env: Env): string[] {
  if (Boolean(env.TLS_CERT) !== Boolean(env.TLS_KEY)) {
    return ['TLS_CERT and TLS_KEY go together: set both, or neither']
  }
  return env.TLS_CA_CERT && !env.TLS_CERT ? ['TLS_CA_CERT needs TLS_CERT and TLS_KEY as well'] : []
}

function chooseTls(parsed: z.output<typeof listeningSchema>): TlsFiles | undefined {
  const { TLS_CERT: cert, TLS_KEY: key, TLS_CA_CERT: clientCa } = parsed
  return cert && key ? { cert, key, clientCa } : undefined
}
