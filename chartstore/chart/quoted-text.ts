/**
 * Strings as every YAML and JSON parser of every helm reads them back (spec/helm-client.md 1.6): double-quoted, control
 * characters and the characters that YAML 1.1 takes for line breaks escaped, astral ones raw, no `\/`.
 */
export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  return JSON.stringify(text.toWellFormed()).replaceAll(UNSAFE, escapeCharacter)
}

/** Most texts: nothing in them needs an escape. */
const PLAIN = /^[ !#-[\]-~]*$/

/** The same, and byte for byte what Go's encoding/json writes: `<`, `>` and `&` escaped too. */
export function quoteAsGo(text: string): string {
  return escapeAsGo(JSON.stringify(text.toWellFormed()))
}

/** `json` as Go's encoding/json writes it, for JSON of well-formed text. */
export function escapeAsGo(json: string): string {
  return json.replaceAll(UNSAFE_IN_GO, escapeCharacter)
}

const UNSAFE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g
const UNSAFE_IN_GO = /[<>&\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

export function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
