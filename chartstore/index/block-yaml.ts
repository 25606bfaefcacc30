import { quote } from '../chart/quoted-text.ts'

/**
 * Block YAML of an object from its JSON, as `toGoJson` writes it, laid out as ChartMuseum does: keys sorted by bytes, lists
 * not indented under their key. The first line comes without indentation, so that it can follow `- `.
 *
 * It goes over the text once, and takes most strings as they stand: JSON quotes them as YAML does.
 */
export function toBlockYaml(json: string, indent: string): string {
  let position = 0
  /** The first backslash that was not passed yet. */
  let nextEscape = json.indexOf('\\')

  const readString = (): string => {
    const start = position
    position = json.indexOf('"', start + 1) + 1
    if (nextEscape !== -1 && nextEscape < start) nextEscape = json.indexOf('\\', start)
    if (nextEscape === -1 || nextEscape > position) return json.slice(start, position)
    position = start + 1
    while (json[position] !== '"') position += json[position] === '\\' ? 2 : 1
    position += 1
    return quote(JSON.parse(json.slice(start, position)))
  }

  const readScalar = (): string => {
    const start = position
    while (!',]}'.includes(json[position] ?? ',')) position += 1
    return json.slice(start, position)
  }

  const readObject = (indent: string): string => {
    const members: { key: string; yaml: string }[] = []
    position += 1
    while (json[position] !== '}') {
      if (json[position] === ',') position += 1
      const key: string = readKey()
      position += 1
      members.push({ key, yaml: `${yamlKey(key)}:${readMember(indent)}` })
    }
    position += 1
    members.sort((a, b) => (a.key < b.key ? -1 : 1))
    return members.map(({ yaml }) => yaml).join(`\n${indent}`)
  }

  const readKey = (): string => {
    const quoted = readString()
    return quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1)
  }

  const readMember = (indent: string): string => {
    switch (json[position]) {
      case '"':
        return ` ${readString()}`
      case '[':
        return readList(indent) || ' []'
      case '{': {
        const inner = `${indent}  `
        const body = readObject(inner)
        return body === '' ? ' {}' : `\n${inner}${body}`
      }
      default:
        return ` ${readScalar()}`
    }
  }

  const readList = (indent: string): string => {
    let yaml = ''
    position += 1
    while (json[position] !== ']') {
      if (json[position] === ',') position += 1
      yaml += `\n${indent}- ${readItem(`${indent}  `)}`
    }
    position += 1
    return yaml
  }

  const readItem = (indent: string): string => {
    const start = position
    switch (json[position]) {
      case '"':
        return readString()
      case '[':
        // a list in a list stays JSON
        readList(indent)
        return json.slice(start, position)
      case '{':
        return readObject(indent) || '{}'
      default:
        return readScalar()
    }
  }

  return readObject(indent)
}

/** Keys that cannot be mistaken stay bare; annotation keys and names are quoted where needed. */
export function yamlKey(key: string): string {
  return BARE_KEY.test(key) ? key : quote(key)
}

/** Letters and dashes, but no words of YAML. */
const BARE_KEY = /^(?!(?:true|false|yes|off|null)$)[a-z][a-z-]{2,}$/i
