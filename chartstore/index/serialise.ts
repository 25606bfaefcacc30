import { escapeAsGo, quote } from '../chart/quoted-text.ts'

/** What index entries are made of. */
export type Plain =
  | string
  | number
  | boolean
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined }

/** JSON in the order of the keys given; undefined ones are left out. */
export function toGoJson(value: Plain): string {
  const json = JSON.stringify(value)
  // perhaps half a surrogate pair, which JSON.stringify escapes
  return escapeAsGo(json.includes('\\ud') ? JSON.stringify(toWellFormed(value)) : json)
}

function toWellFormed(value: Plain): Plain {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object') return value
  if (isList(value)) return value.map(toWellFormed)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => [key.toWellFormed(), toWellFormed(member as Plain)])
  return Object.fromEntries(members)
}

/**
 * Block YAML as ChartMuseum lays it out: keys sorted by bytes, lists not indented under their key. The first line comes
 * without indentation, so that it can follow `- `.
 */
export function toBlockYaml(
  value: { readonly [key: string]: Plain | undefined },
  indent: string,
): string {
  let yaml = ''
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member === undefined) continue
    yaml += `${yaml === '' ? '' : `\n${indent}`}${yamlKey(key)}:${yamlMember(member, indent)}`
  }
  return yaml
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
  return BARE_KEY.test(key) ? key : quote(key)
}

/** Letters and dashes, but no words of YAML. */
const BARE_KEY = /^(?!(?:true|false|yes|off|null)$)[a-z][a-z-]{2,}$/i

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}
