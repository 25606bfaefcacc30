import { resolvePlain } from './go-scalar.ts'
import { createGoMap, type GoValue } from './go-value.ts'

/** Deeper ones are left to the parser, which has a limit. */
const MAX_DEPTH = 20

/** A longer line could be more than a regular expression has memory for. */
const MAX_LENGTH = 64 * 1024
/** No tabs, and no line breaks but one. */
const CHARACTERS = /^[\n -~]*$/
/** Blank lines and comments. */
const SKIPPED = / *(?:#.*)?(?:\n|$)/y
/** A key that needs no quotes, and what stands behind it up to the value. */
const KEY = /([A-Za-z_][\w./-]{0,99}):(?: +|(?=\n|$))/y
/** Text that needs no quotes, or some in quotes and without escapes. */
const SCALAR =
  /(?:([\w./~^=<+(](?:[^\n:# ]|:(?=[^\n ])| +(?=[^\n# ]))*)|'([^'\n]*)'|"([^"\\\n]*)") *(?:\n|$)/y

/**
 * YAML as nearly all of Chart.yaml is written: one key or item a line, nested by spaces. The parser knows what else there is, and
 * takes several times as long.
 * @returns what the parser would make of it; undefined where it is not written so.
 */
export function readPlainYaml(text: string): GoValue | undefined {
  if (text.length > MAX_LENGTH || !CHARACTERS.test(text)) return undefined
  let position = text.startsWith('---\n') ? 4 : 0
  /** Of the line that is read next, which is neither blank nor a comment; -1 behind the last one. */
  let indent = 0

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position
    const found = pattern.exec(text)
    if (found !== null) position = pattern.lastIndex
    return found
  }

  /** To the first character of the next line that says something. */
  const nextLine = () => {
    SKIPPED.lastIndex = position
    while (position < text.length && SKIPPED.test(text)) position = SKIPPED.lastIndex
    const start = position
    while (text[position] === ' ') position += 1
    indent = position < text.length ? position - start : -1
  }

  const readScalar = (): GoValue | undefined => {
    const found = match(SCALAR)
    if (found === null) return undefined
    const [, plain, single, double] = found
    nextLine()
    return plain === undefined ? (single ?? double) : resolvePlain(plain)
  }

  const isItem = () => text[position] === '-' && text[position + 1] === ' '

  const readMap = (own: number, depth: number): GoValue | undefined => {
    const map = createGoMap(text.length)
    for (;;) {
      const key = resolvePlain(match(KEY)?.[1] ?? '')
      if (typeof key !== 'string') return undefined
      const value = isAtLineEnd() ? readBelow(own, depth) : readScalar()
      if (value === undefined) return undefined
      map[key] = value
      if (indent < own) return map
      if (indent > own) return undefined
    }
  }

  const isAtLineEnd = () => position >= text.length || text[position] === '\n'

  /** The value of a key that nothing stands behind. */
  const readBelow = (own: number, depth: number): GoValue | undefined => {
    nextLine()
    if (indent === own && isItem()) return readList(own, depth + 1)
    if (indent <= own) return null
    return isItem() ? readList(indent, depth + 1) : readMapBelow(indent, depth + 1)
  }

  const readMapBelow = (own: number, depth: number) =>
    depth > MAX_DEPTH ? undefined : readMap(own, depth)

  const readList = (own: number, depth: number): GoValue | undefined => {
    if (depth > MAX_DEPTH) return undefined
    const items: GoValue[] = []
    while (indent === own && isItem()) {
      position += 2
      const start = position
      const item =
        readScalar() ?? (position === start ? readMapBelow(own + 2, depth + 1) : undefined)
      if (item === undefined) return undefined
      items.push(item)
    }
    return indent > own ? undefined : items
  }

  nextLine()
  const value = indent === 0 ? readMap(0, 1) : undefined
  return indent === -1 ? value : undefined
}
