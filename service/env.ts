import { z } from 'zod'
import { ConfigError } from './start-error.ts'

export type Env = Readonly<Record<string, string | undefined>>

/**
 * Parses environment variables by a zod object whose keys are their names.
 * A variable set to the empty string counts as unset, as in Harbor's own env files (`CHART_URL=`).
 * @param otherFaults what else is known to be wrong.
 * @throws {ConfigError} with every fault.
 */
export function parseEnv<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Env,
  otherFaults: readonly string[] = [],
): Readonly<z.output<z.ZodObject<Shape>>> {
  const named = Object.keys(schema.shape).map((name) => [name, env[name] || undefined])
  // zod would write code for each schema, which is worth it where there is more than one thing to parse
  const parsed = schema.safeParse(Object.fromEntries(named), { jitless: true })
  const faults = [
    ...(parsed.error?.issues.map((issue) => describe(issue, env)) ?? []),
    ...otherFaults,
  ]
  if (parsed.success && faults.length === 0) return Object.freeze(parsed.data)
  throw new ConfigError(faults)
}

/** Loads several parts of a configuration. @throws {ConfigError} with the faults of all of them. */
export function loadTogether<Parts extends readonly (() => unknown)[]>(
  ...loaders: Parts
): { [Part in keyof Parts]: ReturnType<Parts[Part]> } {
  const faults: string[] = []
  const parts = loaders.map((load) => {
    try {
      return load()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      faults.push(...error.faults)
      return undefined
    }
  })
  if (faults.length > 0) throw new ConfigError([...new Set(faults)])
  return parts as { [Part in keyof Parts]: ReturnType<Parts[Part]> }
}

function describe({ path, message }: z.core.$ZodIssue, env: Env): string {
  const name = path.join('.')
  return `${name}: ${message}${isSecret(name) ? '' : `, got ${JSON.stringify(env[name] ?? '')}`}`
}

function isSecret(name: string): boolean {
  return /PASS|SECRET|KEY|URL/.test(name)
}

const TRUE = new Set(['true', '1', 't', 'TRUE', 'True', 'T'])
const FALSE = new Set(['false', '0', 'f', 'FALSE', 'False', 'F'])

/** A switch, in the spellings that Go's strconv.ParseBool takes (ChartMuseum's parser). */
export function envBoolean(byDefault: boolean) {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return byDefault
      if (TRUE.has(text)) return true
      if (FALSE.has(text)) return false
      context.addIssue({ code: 'custom', message: 'expected true or false' })
      return z.NEVER
    })
}

/** A whole number within [min, max]. */
export function envInteger<Default extends number | undefined>(
  byDefault: Default,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
) {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return byDefault
      const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
      if (number >= min && number <= max) return number
      const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`
      context.addIssue({ code: 'custom', message: `expected a whole number ${range}` })
      return z.NEVER
    })
}

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** A duration as Go writes it (`300ms`, `30s`, `5m`, `1h30m`; a bare `0`), in milliseconds. */
export function envDuration(byDefault: string) {
  return z
    .string()
    .default(byDefault)
    .transform((text, context) => {
      if (text === '0') return 0
      const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
      if (parts.length > 0 && parts.map((part) => part[0]).join('') === text) {
        return parts.reduce(
          (sum, part) => sum + Number(part[1]) * DURATION_UNITS[part[2] as 'ms' | 's' | 'm' | 'h'],
          0,
        )
      }
      context.addIssue({ code: 'custom', message: 'expected a duration such as 30s, 5m or 0' })
      return z.NEVER
    })
}

/** Levels of pino, the logger of both services. */
export const envLogLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    error: 'expected trace, debug, info, warn, error, fatal or silent',
  })
  .default('info')
