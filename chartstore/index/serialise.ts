import { quote, quoteAsGo } from '../chart/quoted-text.ts'

/** What index entries are made of. */
export type Plain =
  | string
  | number
  | boolean
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined }

/** JSON in the order of the keys given; undefined ones are left out. */
export function toGoJson(value: Plain): string {
  if (typeof value === 'string') return quoteAsGo(value)
  if (typeof value !== 'object') return String(value)
  if (isList(value)) return `[${value.map(toGoJson).join(',')}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${quoteAsGo(key)}:${toGoJson(member as Plain)}`)
  return `{${members.join(',')}}`
}

/**
 * Block YAML as ChartMuseum lays it out: keys sorted by bytes, lists not indented under their key. The first line comes
 * without indentation, so that it can follow `- `.
 */
export function toBlockYaml(
  value: { readonly [key: string]: Plain | undefined },
  indent: string,
): string {
  return Object.keys(value)
    .sort()
    .flatMap((key) => {
      const member = value[key]
      return member === undefined ? [] : [`${yamlKey(key)}:${yamlMember(member, indent)}`]
    })
    .join(`\n${indent}`)
}

function yamlMember(member: Plain, indent: string): string {
  if (typeof member === 'string') return ` ${quote(member)}`
  if (typeof member !== 'object') return ` ${member}`
  if (isList(member)) {
    if (member.length === 0) return ' []'
    return member.map((item) => `\n${indent}- ${yamlItem(item, `${indent}  `)}`).join('')
  }
  const body = toBlockYaml(member, `${indent}  `)
  return body === '' ? ' {}' : `\n${indent}  ${body}`
}

function yamlItem(item: Plain, indent: string): string {
  if (typeof item === 'string') return quote(item)
  if (typeof item !== 'object') return String(item)
  if (isList(item)) return toGoJson(item)
  return toBlockYaml(item, indent) || '{}'
}

/** Keys that cannot be mistaken stay bare; annotation keys and names are quoted where needed. */
export function yamlKey(key: string): string {
  return /^[A-Za-z][A-Za-z-]{2,}$/.test(key) && !YAML_WORDS.has(key.toLowerCase())
    ? key
    : quote(key)
}

const YAML_WORDS = new Set(['true', 'false', 'yes', 'off', 'null'])

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}
