import { EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml'
import { indentFlow } from './flow-indent.ts'
import { composeGoValue } from './go-compose.ts'
import type { GoValue } from './go-value.ts'
import { readPlainYaml } from './plain-yaml.ts'

/** goyaml allows 10,000; no chart comes near this, and js-yaml's parser is recursive. */
const MAX_DEPTH = 200

/**
 * YAML as helm reads it (sigs.k8s.io/yaml on goyaml.v2): YAML 1.1 scalars, the last of equal keys wins, `<<` merges, only
 * the first document counts, empty text is null. Integers come as bigint, floating point numbers as number.
 *
 * @throws {Error} `error converting YAML to JSON: yaml: line 3: <reason>`
 */
export function parseGoYaml(text: string): GoValue {
  return readPlainYaml(text) ?? parseAnyYaml(text)
}

/** The same, however it is written. */
export function parseAnyYaml(text: string): GoValue {
  try {
    const { source, events } = parse(firstDocument(text))
    return events[0]?.type === EVENT_ID.DOCUMENT ? composeGoValue(source, events) : null
  } catch (error) {
    throw new Error(`error converting YAML to JSON: ${describe(error)}`, { cause: error })
  }
}

function parse(source: string): { source: string; events: Event[] } {
  checkSource(source)
  try {
    return { source, events: parseEvents(source, { maxDepth: MAX_DEPTH }) }
  } catch (error) {
    if (!(error instanceof YAMLException) || error.reason !== 'deficient indentation') throw error
    const indented = indentFlow(source)
    return { source: indented, events: parseEvents(indented, { maxDepth: MAX_DEPTH }) }
  }
}

/** Control characters but tab, line feed, carriage return and next line; and what is no character. */
const CONTROL = /[^\t\n\r -~\u0085\u00a0-\ufffd]/

/** What libyaml refuses and the parser takes. */
function checkSource(source: string): void {
  if (CONTROL.test(source)) throw new Error('yaml: control characters are not allowed')
  const directives = /^(?:[ \t]*(?:#.*)?(?:\r\n|\n|\r))*%(?!YAML +1\.1\s|TAG\s)/
  if (directives.test(source)) throw new Error('yaml: found incompatible YAML document')
}

/**
 * The text of a YAML file, without a byte order mark.
 * @throws {Error} where it is no UTF-8, with goyaml's text
 */
export function decodeYaml(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (error) {
    throw new Error('error converting YAML to JSON: yaml: invalid leading UTF-8 octet', {
      cause: error,
    })
  }
}

function describe(error: unknown): string {
  if (!(error instanceof YAMLException)) {
    return error instanceof Error ? error.message : String(error)
  }
  const line = error.mark === null || error.mark === undefined ? 1 : error.mark.line + 1
  return `yaml: line ${line}: ${LIBYAML_REASONS.get(error.reason) ?? error.reason}`
}

/** The parser's words are as good as libyaml's, but some of those stand in spec/chartmuseum.md 1.5. */
const LIBYAML_REASONS = new Map([
  ['unexpected end of the stream within a flow collection', 'did not find expected node content'],
])

/** goyaml never looks behind the first document, so what is wrong there is no fault. */
function firstDocument(text: string): string {
  const start =
    /^\ufeff?(?:(?:[ \t]*(?:#.*)?|%.*)(?:\r\n|\n|\r))*(?:---(?=[ \t\r\n]|$))?/.exec(text)?.[0] ?? ''
  const end = /(?<=[\r\n])(?:---|\.\.\.)(?=[ \t\r\n]|$)/g
  end.lastIndex = start.length
  const marker = end.exec(text)
  return marker === null ? text : text.slice(0, marker.index)
}
