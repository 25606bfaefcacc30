/** No one indents deeper; more would let a small document grow without bounds here. */
const MAX_INDENT = 200

/**
 * Indents the lines within `[…]`, `{…}` and quotes, and turns a tab behind a colon into a space.
 *
 * YAML 1.2, and js-yaml with it, wants such lines deeper than what they belong to. libyaml does not mind, and a closing
 * bracket at the beginning of a line is common in values.yaml. The meaning stays: such white space separates, no more.
 * Lines are followed only as far as is needed to tell where a value begins; text that is no YAML comes out as some other
 * text that is none.
 */
export function indentFlow(source: string): string {
  const padding = ' '.repeat(Math.min(deepestIndent(source), MAX_INDENT) + 1)
  const output: string[] = []
  let copied = 0
  let position = 0
  let lineStart = 0

  const emit = (replacement: string, skipped = 0) => {
    output.push(source.slice(copied, position), replacement)
    copied = position + skipped
  }
  const isAt = (pattern: RegExp) => {
    pattern.lastIndex = position
    return pattern.test(source)
  }
  const indentHere = () => {
    const start = position
    while (source[position] === ' ') position += 1
    return position - start
  }
  const skipLine = () => {
    const end = source.indexOf('\n', position)
    position = end === -1 ? source.length : end + 1
    lineStart = position
  }
  /** Lines that are blank or deeper than `parent`: the rest of a block scalar or of a plain one. */
  const skipDeeper = (parent: number) => {
    while (position < source.length) {
      const isDeeper = indentHere() > parent
      if (!isDeeper && !isAt(/[\t\r]*(?:\n|$)/y)) break
      skipLine()
    }
    position = lineStart
  }
  const nextFlowLine = () => {
    position += 1
    lineStart = position
    emit(padding)
  }

  const scanQuoted = (quote: string) => {
    position += 1
    while (position < source.length) {
      const character = source[position]
      if (character === '\n') {
        nextFlowLine()
        continue
      }
      position += 1
      if (character === '\\' && quote === '"' && source[position] !== '\n') position += 1
      if (character === quote) {
        if (quote === '"' || source[position] !== quote) return
        position += 1
      }
    }
  }

  const scanFlow = () => {
    let depth = 0
    let isTokenStart = true
    while (position < source.length) {
      const character = source[position] ?? ''
      if (isTokenStart && (character === '"' || character === "'")) {
        scanQuoted(character)
        isTokenStart = false
      } else if (character === '\n') {
        nextFlowLine()
      } else if (character === '#' && isAt(/(?<=\s)#/y)) {
        while (position < source.length && source[position] !== '\n') position += 1
      } else {
        position += 1
        if ('[{'.includes(character)) depth += 1
        if (']}'.includes(character)) depth -= 1
        if (depth === 0) return
        if ('[{,:'.includes(character)) isTokenStart = true
        else if (!/\s/.test(character)) isTokenStart = false
      }
    }
  }

  /** The values that begin on this line: `- key: [` holds three. */
  const scanLine = () => {
    let parent = indentHere() - 1
    if (isAt(/---(?=\s|$)/y) && position === lineStart) position += 3
    for (;;) {
      while (isAt(/[ \t]/y)) {
        if (source[position] === '\t') emit(' ', 1)
        position += 1
      }
      const start = position - lineStart
      const character = source[position] ?? '\n'
      if (isAt(/[\r\n#]|$/y)) return skipLine()
      if (isAt(/[-?](?=\s|$)/y)) {
        parent = start
        position += 1
        continue
      }
      if (isAt(/[&!]/y)) {
        while (isAt(/\S/y)) position += 1
        continue
      }
      if ('|>'.includes(character)) {
        skipLine()
        return skipDeeper(parent)
      }
      if ('[{'.includes(character)) scanFlow()
      else if (`"'`.includes(character)) scanQuoted(character)
      else if (!skipPlainKey()) {
        skipLine()
        return skipDeeper(parent)
      }
      if (!isAt(/[ \t]*:(?=\s|$)/y)) return skipLine()
      position = source.indexOf(':', position) + 1
      parent = start
    }
  }

  /** Moves to the colon behind a plain key, where there is one. */
  const skipPlainKey = (): boolean => {
    const rest = /.*/y
    rest.lastIndex = position
    const line = rest.exec(source)?.[0] ?? ''
    const comment = line.search(/(?<=\s)#/)
    const colon = line.search(/:(?=\s|$)/)
    if (colon === -1 || (comment !== -1 && comment < colon)) return false
    position += colon
    return true
  }

  while (position < source.length) scanLine()
  output.push(source.slice(copied))
  return output.join('')
}

function deepestIndent(source: string): number {
  let deepest = 0
  for (const [indent] of source.matchAll(/^ +/gm)) deepest = Math.max(deepest, indent.length)
  return deepest
}
