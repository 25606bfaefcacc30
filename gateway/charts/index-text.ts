/**
 * What JSON.stringify leaves in a text that YAML does not take: DEL, C1, U+2028 and U+2029 (line breaks in YAML 1.1), the
 * byte order mark, U+FFFE, U+FFFF; and its escapes of lone surrogates, which are found by reading escape after escape.
 */
const UNSAFE = /\\ud[89a-f][0-9a-f]{2}|\\.|[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

/**
 * JSON that is YAML as well, for every helm from 2.13 on (spec/helm-client.md 1.6): every string double-quoted, control
 * characters escaped as `\uXXXX`, astral characters raw, no `\/`, no surrogates.
 */
export function toFlowYaml(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (found) => {
    if (found.startsWith('\\ud')) return '\ufffd'
    if (found.startsWith('\\')) return found
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
