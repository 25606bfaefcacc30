const SHORT = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
])

/** Go's `%q`, in which helm's error texts name what they are about. */
export function quoteGo(text: string): string {
  const quoted = text
    .toWellFormed()
    .replace(
      /["\\]|[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu,
      (character) => SHORT.get(character) ?? escapeCode(character),
    )
  return `"${quoted}"`
}

function escapeCode(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
