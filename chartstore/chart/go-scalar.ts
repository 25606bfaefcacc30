import type { GoValue } from './go-value.ts'

const WORDS = new Map<string, GoValue>([
  ...words(true, ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']),
  ...words(false, ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']),
  ...words(null, ['', '~', 'null', 'Null', 'NULL']),
  ...words(Number.NaN, ['.nan', '.NaN', '.NAN']),
  ...words(Number.POSITIVE_INFINITY, ['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF']),
  ...words(Number.NEGATIVE_INFINITY, ['-.inf', '-.Inf', '-.INF']),
])

function words(value: GoValue, texts: readonly string[]): [string, GoValue][] {
  return texts.map((text) => [text, value])
}

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INTEGER = /^([-+]?)(?:0[bB]([01]+)|0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/
const TIMESTAMP =
  /^\d{4}-(\d{1,2})-(\d{1,2})(?:(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d))|(?: \d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?))?$/
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

/** What a plain scalar means to goyaml.v2 (resolve.go): YAML 1.1, but no base 60; dates stay text. */
export function resolvePlain(text: string): GoValue {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (text.startsWith('.')) return resolveFraction(text) ?? text
  if (!/^[-+0-9]/.test(text) || TIMESTAMP.test(text)) return text
  const digits = text.replaceAll('_', '')
  return resolveInteger(digits) ?? resolveFloat(digits) ?? text
}

/** Longer than 64 bits can be written in any base. */
const MAX_DIGITS = 70

function resolveInteger(text: string): bigint | undefined {
  if (text.length > MAX_DIGITS) return undefined
  const match = INTEGER.exec(text)
  if (match === null) return undefined
  const [, sign = '', binary, hex, octal, decimal = '0'] = match
  const magnitude = BigInt(
    (binary && `0b${binary}`) ?? (hex && `0x${hex}`) ?? (octal && `0o${octal}`) ?? decimal,
  )
  if (sign === '-') return magnitude <= MAX_INT64 + 1n ? -magnitude : undefined
  return magnitude <= (sign === '+' ? MAX_INT64 : MAX_UINT64) ? magnitude : undefined
}

/** `.5`: here underscores stand between digits only, as in Go's own literals. */
function resolveFraction(text: string): number | undefined {
  if (/_(?![0-9])|(?<![0-9])_/.test(text)) return undefined
  return resolveFloat(text.replaceAll('_', ''))
}

function resolveFloat(text: string): number | undefined {
  if (!FLOAT.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

/**
 * What a scalar with a tag of its own means. Tags that goyaml does not know leave the text as it is.
 * @throws {Error} with goyaml's text
 */
export function resolveTagged(tag: string, text: string): GoValue {
  const short = tag.replace(/^tag:yaml\.org,2002:/, '!!')
  if (short === '!!binary') return decodeBinary(text)
  const wanted = TAGGED.get(short)
  if (wanted === undefined) return text
  const value = resolvePlain(text)
  if (wanted(value)) return value
  if (short === '!!float' && typeof value === 'bigint') return Number(value)
  if (short === '!!timestamp' && TIMESTAMP.test(text)) return text
  throw new Error(`cannot decode ${tagOf(value)} \`${text}\` as a ${short}`)
}

const TAGGED = new Map<string, (value: GoValue) => boolean>([
  ['!!bool', (value) => typeof value === 'boolean'],
  ['!!int', (value) => typeof value === 'bigint'],
  ['!!float', (value) => typeof value === 'number'],
  ['!!null', (value) => value === null],
  ['!!timestamp', () => false],
])

function tagOf(value: GoValue): string {
  if (value === null) return '!!null'
  const tags: Record<string, string> = { boolean: '!!bool', bigint: '!!int', number: '!!float' }
  return tags[typeof value] ?? '!!str'
}

function decodeBinary(text: string): string {
  const compact = text.replace(/[\r\n]/g, '')
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    throw new Error('!!binary value contains invalid base64 data')
  }
  return Buffer.from(compact, 'base64').toString()
}
