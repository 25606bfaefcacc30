import { escapeCharacter } from '../chart/quoted-text.ts'
import { yamlKey } from './block-yaml.ts'
import { FIELD_ORDER } from './entry-fields.ts'

/** The fields of a struct: where each comes, as its key is in YAML. */
interface Struct {
  places: ReadonlyMap<string, number>
  /** As JSON, with the colon. */
  keys: readonly string[]
}

/**
 * The JSON of an entry from its YAML, which `toBlockYaml` made of it: texts and numbers are the same in both, and of objects
 * the order is known.
 * @param yaml `  - annotations: …`, indented by two.
 * @throws {Error} where it is laid out in another way.
 */
export function toEntryJson(yaml: string): string {
  const text = yaml.replaceAll(/[<>&]/g, escapeCharacter)
  let position = ITEM.length

  const readKey = (): string => {
    const start = position
    const isQuoted = text.charCodeAt(start) === QUOTE
    const end = isQuoted ? endOfText(text, start) : text.indexOf(':', start)
    if (text.charCodeAt(end) !== COLON) throw new OtherLayout()
    position = end + 1
    return text.slice(start, end)
  }

  const readLine = (): string => {
    const start = position
    position = text.indexOf('\n', start)
    if (position === -1) throw new OtherLayout()
    return text.slice(start, position)
  }

  const readStruct = (indent: string, { places, keys }: Struct): string => {
    const values: (string | undefined)[] = new Array(keys.length).fill(undefined)
    for (;;) {
      const key = readKey()
      const place = places.get(key)
      if (place === undefined) throw new OtherLayout()
      values[place] = readMember(indent, ITEMS.get(key))
      if (!goesOn(indent)) return joinStruct(keys, values)
    }
  }

  const readMap = (indent: string): string => {
    const members: Member[] = []
    for (;;) {
      const key = readKey()
      members.push({ key, value: readMember(indent) })
      if (!goesOn(indent)) return joinMap(members)
    }
  }

  /** Goes on to the next member of an object, if there is one. */
  const goesOn = (indent: string): boolean => {
    if (!isNext(indent)) return false
    position += 1 + indent.length
    return true
  }

  /** Whether the next line begins with this. */
  const isNext = (start: string) => text.startsWith(start, position + 1)

  /** @param items what a list there has in it. */
  const readMember = (indent: string, items?: Struct): string => {
    if (text.charCodeAt(position) === SPACE) {
      position += 1
      return checkScalar(readLine())
    }
    const dash = `${indent}- `
    if (isNext(dash)) return readList(dash, items)
    const inner = `${indent}  `
    if (!isNext(inner)) throw new OtherLayout()
    position += 1 + inner.length
    return readMap(inner)
  }

  const readList = (dash: string, items: Struct | undefined): string => {
    let json = ''
    while (isNext(dash)) {
      position += 1 + dash.length
      json += `${json === '' ? '' : ','}${readItem(dash, items)}`
    }
    return `[${json}]`
  }

  const readItem = (dash: string, items: Struct | undefined): string => {
    const isQuoted = text.charCodeAt(position) === QUOTE
    const keyEnd = isQuoted ? endOfText(text, position) : endOfWord(text, position)
    if (text.charCodeAt(keyEnd) !== COLON) return checkScalar(readLine())
    const indent = ' '.repeat(dash.length)
    return items === undefined ? readMap(indent) : readStruct(indent, items)
  }

  if (!text.startsWith(ITEM)) throw new OtherLayout()
  const json = readStruct(' '.repeat(ITEM.length), ENTRY)
  if (position !== text.length - 1) throw new OtherLayout()
  return json
}

class OtherLayout extends Error {
  override message = 'not laid out as entries are'
}

const ITEM = '  - '
const [QUOTE, COLON, SPACE, BACKSLASH] = [...'": \\'].map((character) => character.charCodeAt(0))

function toStruct(fields: readonly string[]): Struct {
  return {
    places: new Map(fields.map((field, place) => [yamlKey(field), place])),
    keys: fields.map((field) => `"${field}":`),
  }
}

const ENTRY = toStruct(FIELD_ORDER.entry)
/** The lists that have structs in them. */
const ITEMS: ReadonlyMap<string, Struct> = new Map([
  ['maintainers', toStruct(FIELD_ORDER.maintainers)],
  ['dependencies', toStruct(FIELD_ORDER.dependencies)],
])

function joinStruct(keys: readonly string[], values: readonly (string | undefined)[]): string {
  let json = ''
  for (let place = 0; place < keys.length; place += 1) {
    const value = values[place]
    if (value !== undefined) json += `${json === '' ? '' : ','}${keys[place]}${value}`
  }
  return `{${json}}`
}

/** The key is as it was in YAML. */
interface Member {
  key: string
  value: string
}

function joinMap(members: readonly Member[]): string {
  const texts = members.map(({ key, value }) =>
    key.startsWith('"') ? `${key}:${value}` : `"${key}":${value}`,
  )
  if (!members.some(({ key }) => /^"\d/.test(key))) return `{${texts.join(',')}}`
  // JavaScript has those members first that are numbers
  const named = members.map(({ key }, i) => [key.startsWith('"') ? JSON.parse(key) : key, texts[i]])
  return `{${Object.values(Object.fromEntries(named)).join(',')}}`
}

/** Behind the quotes of a text that begins here. */
function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, at: number): boolean {
  let start = at
  while (text.charCodeAt(start - 1) === BACKSLASH) start -= 1
  return (at - start) % 2 === 1
}

function endOfWord(text: string, start: number): number {
  WORD.lastIndex = start
  return WORD.test(text) ? WORD.lastIndex : start
}

const WORD = /[a-z][a-z-]*/iy

/** Anything on one line that is JSON as it stands. */
function checkScalar(scalar: string): string {
  const isText = scalar.startsWith('"') && scalar.endsWith('"')
  if (isText || /^(?:[-\d[{].*|true|false|null)$/.test(scalar)) return scalar
  throw new OtherLayout()
}
