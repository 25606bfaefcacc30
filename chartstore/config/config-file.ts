import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { load } from 'js-yaml'
import { ConfigError } from '../../service/start-error.ts'
import { SETTINGS, type Setting } from './settings.ts'

const BY_KEY = new Map(SETTINGS.map((setting) => [setting.key, setting]))

/**
 * Reads ChartMuseum's configuration file. Values come back as text, by the name of the variable that says the same.
 * @throws {ConfigError} with every key that is unknown or has no plain value. Values are not shown: some are secrets.
 */
export function readConfigFile(path: string): Record<string, string> {
  const values: Record<string, string> = {}
  const faults: string[] = []
  for (const [key, value] of flatten(readYaml(path))) {
    const setting = BY_KEY.get(key)
    const text = setting && toText(setting, value)
    if (setting === undefined) faults.push(`${path}: unknown key ${key}`)
    else if (text === undefined) faults.push(`${path}: ${key}: expected a ${setting.type}`)
    else values[setting.env] = text
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return values
}

function readYaml(path: string): Record<string, unknown> {
  if (!['.yaml', '.yml', ''].includes(extname(path))) {
    throw new ConfigError([`CONFIG: ${path}: expected a file that ends in .yaml or .yml`])
  }
  let content: unknown
  try {
    content = load(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new ConfigError([`CONFIG: cannot read ${path}: ${reason}`])
  }
  if (isRecord(content)) return content
  throw new ConfigError([`CONFIG: ${path}: expected keys and values`])
}

/** Nested keys joined by dots, lower case, as ChartMuseum's reader has them. A key of a setting is not looked into. */
function* flatten(record: Record<string, unknown>, prefix = ''): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(record)) {
    const key = `${prefix}${name.toLowerCase()}`
    if (isRecord(value) && !BY_KEY.has(key)) yield* flatten(value, `${key}.`)
    else yield [key, value]
  }
}

function toText({ type }: Setting, value: unknown): string | undefined {
  if (value === null) return ''
  if (type === 'list' && Array.isArray(value)) return value.map(String).join(',')
  if (type === 'list' && isRecord(value)) {
    return Object.entries(value)
      .map(([name, item]) => `${name}=${String(item)}`)
      .join(',')
  }
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
