import {
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml'
import { resolvePlain, resolveTagged } from './go-scalar.ts'
import { createGoMap, formatScalar, type GoMap, type GoValue, isGoMap } from './go-value.ts'

interface Anchor {
  /** undefined until the anchored value is whole. */
  value: GoValue | undefined
  /** The number of nodes that it has once its aliases are written out. */
  nodes: number
}

/**
 * Makes the value of the first document from the parser's events as goyaml.v2's decode.go does.
 * @throws {Error} with goyaml's texts
 */
export function composeGoValue(source: string, events: readonly Event[]): GoValue {
  const anchors = new Map<string, Anchor>()
  let position = 1
  /** So far, with aliases written out. */
  let nodes = 0
  let aliased = 0

  /** @returns undefined where a sequence or mapping ends. */
  const compose = (): GoValue | undefined => {
    const event = events[position++]
    switch (event?.type) {
      case EVENT_ID.SCALAR:
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING:
        return event.anchorStart < 0 ? make(event) : anchor(event)
      case EVENT_ID.ALIAS:
        return resolveAlias(source.slice(event.anchorStart, event.anchorEnd))
      default:
        return undefined
    }
  }

  const make = (event: ScalarEvent | SequenceEvent | MappingEvent): GoValue => {
    nodes += 1
    if (event.type === EVENT_ID.SCALAR) return composeScalar(source, event)
    return event.type === EVENT_ID.SEQUENCE ? composeSequence() : composeMapping()
  }

  const anchor = (event: ScalarEvent | SequenceEvent | MappingEvent): GoValue => {
    const name = source.slice(event.anchorStart, event.anchorEnd)
    if (!/^[0-9A-Za-z_-]+$/.test(name)) {
      throw new Error('yaml: did not find expected alphabetic or numeric character')
    }
    const entry: Anchor = { value: undefined, nodes: 0 }
    anchors.set(name, entry)
    const before = nodes
    entry.value = make(event)
    entry.nodes = nodes - before
    return entry.value
  }

  const resolveAlias = (name: string): GoValue => {
    const entry = anchors.get(name)
    if (entry === undefined) throw new Error(`yaml: unknown anchor '${name}' referenced`)
    if (entry.value === undefined) throw new Error(`yaml: anchor '${name}' value contains itself`)
    nodes += entry.nodes
    aliased += entry.nodes
    if (isExcessive(nodes, aliased)) throw new Error('yaml: document contains excessive aliasing')
    return entry.value
  }

  const composeSequence = (): GoValue => {
    const items: GoValue[] = []
    for (let item = compose(); item !== undefined; item = compose()) items.push(item)
    return items
  }

  const composeMapping = (): GoValue => {
    const map = createGoMap(source.length)
    for (;;) {
      const keyEvent = events[position]
      const key = compose()
      const value = key === undefined ? undefined : compose()
      if (key === undefined || value === undefined) return map
      if (key === MERGE && isMergeKey(source, keyEvent)) merge(map, value)
      else map[toKey(key)] = value
    }
  }

  return compose() ?? null
}

const MERGE = '<<'

function isMergeKey(source: string, event: Event | undefined): boolean {
  if (event?.type !== EVENT_ID.SCALAR) return false
  const tag = tagOf(source, event)
  return tag === '' ? event.style === SCALAR_STYLE.PLAIN : tag === '!!merge'
}

function tagOf(source: string, event: ScalarEvent): string {
  return event.tagStart < 0 ? '' : source.slice(event.tagStart, event.tagEnd)
}

function composeScalar(source: string, event: ScalarEvent): GoValue {
  const text = readText(source, event)
  const isPlain = event.style === SCALAR_STYLE.PLAIN
  return resolveScalar(text, tagOf(source, event), isPlain)
}

/** The text of a scalar, with what libyaml does otherwise. */
function readText(source: string, event: ScalarEvent): string {
  const text = getScalarValue(source, event)
  if (event.style === SCALAR_STYLE.DOUBLE_QUOTED) {
    const raw = source.slice(event.valueStart, event.valueEnd)
    if (/(?<!\\)(?:\\\\)*\\(?:\/|u[dD][89a-fA-F])/.test(raw)) {
      throw new Error('yaml: found unknown escape character')
    }
  }
  const isBlock =
    event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK
  // A line break that the file does not have, after its last line, is not made up.
  if (isBlock && event.valueEnd >= source.length && !/[\r\n]$/.test(source)) {
    return text.replace(/\n$/, '').toWellFormed()
  }
  return text.toWellFormed()
}

function resolveScalar(text: string, tag: string, isPlain: boolean): GoValue {
  if (tag === '') return isPlain ? resolvePlain(text) : text
  try {
    return resolveTagged(tag, text)
  } catch (error) {
    throw new Error(`yaml: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/** goyaml writes merged members over what stands before them, and lets the first of several maps win. */
function merge(map: GoMap, value: GoValue): void {
  const maps = Array.isArray(value) ? value.toReversed() : [value]
  for (const source of maps) {
    if (!isGoMap(source)) {
      throw new Error('yaml: map merge requires map or sequence of maps as the value')
    }
    Object.assign(map, source)
  }
}

/** @throws {Error} sigs.k8s.io/yaml knows no key for null, nor beyond 64 bits with a sign. */
function toKey(key: GoValue): string {
  if (typeof key === 'string') return key
  if (key === null) throw new Error('unsupported map key of type: null')
  if (typeof key === 'object') throw new Error('yaml: invalid map key')
  if (typeof key === 'bigint' && key >= 2n ** 63n) {
    throw new Error(`unsupported map key of type: uint64, key: ${key}`)
  }
  const text = formatScalar(key)
  return INFINITIES.get(text) ?? text
}

const INFINITIES = new Map([
  ['+Inf', '.inf'],
  ['-Inf', '-.inf'],
  ['NaN', '.nan'],
])

const RATIO_LOW = 400_000
const RATIO_HIGH = 4_000_000

/** goyaml's guard against alias bombs (decode.go, allowedAliasRatio). */
function isExcessive(nodes: number, aliased: number): boolean {
  if (aliased <= 100 || nodes <= 1000) return false
  const scale = Math.min(1, Math.max(0, (nodes - RATIO_LOW) / (RATIO_HIGH - RATIO_LOW)))
  return aliased / nodes > 0.99 - 0.89 * scale
}
