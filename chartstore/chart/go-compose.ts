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
import { formatScalar, type GoMap, type GoValue, isGoMap } from './go-value.ts'

/** A value that was composed, with its cost: the number of nodes that it has once its aliases are written out. */
interface Node {
  value: GoValue
  nodes: number
  isMergeKey: boolean
}

interface Anchor {
  /** undefined until the anchored value is whole. */
  node: Node | undefined
}

/**
 * Makes the value of the first document from the parser's events as goyaml.v2's decode.go does.
 * @throws {Error} with goyaml's texts
 */
export function composeGoValue(source: string, events: readonly Event[]): GoValue {
  const anchors = new Map<string, Anchor>()
  let position = 1
  let nodes = 0
  let aliased = 0

  const compose = (): Node | undefined => {
    const event = events[position++]
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        nodes += 1
        if (event.anchorStart < 0) return composeScalar(source, event)
        return anchor(event, () => composeScalar(source, event))
      case EVENT_ID.SEQUENCE:
        nodes += 1
        return anchor(event, composeSequence)
      case EVENT_ID.MAPPING:
        nodes += 1
        return anchor(event, composeMapping)
      case EVENT_ID.ALIAS:
        return resolveAlias(source.slice(event.anchorStart, event.anchorEnd))
      default:
        return undefined
    }
  }

  const anchor = (event: ScalarEvent | SequenceEvent | MappingEvent, make: () => Node): Node => {
    if (event.anchorStart < 0) return make()
    const name = source.slice(event.anchorStart, event.anchorEnd)
    if (!/^[0-9A-Za-z_-]+$/.test(name)) {
      throw new Error('yaml: did not find expected alphabetic or numeric character')
    }
    const entry: Anchor = { node: undefined }
    anchors.set(name, entry)
    entry.node = make()
    return entry.node
  }

  const resolveAlias = (name: string): Node => {
    const entry = anchors.get(name)
    if (entry === undefined) throw new Error(`yaml: unknown anchor '${name}' referenced`)
    if (entry.node === undefined) throw new Error(`yaml: anchor '${name}' value contains itself`)
    nodes += entry.node.nodes
    aliased += entry.node.nodes
    if (isExcessive(nodes, aliased)) throw new Error('yaml: document contains excessive aliasing')
    return { ...entry.node, isMergeKey: false }
  }

  const composeSequence = (): Node => {
    const items: GoValue[] = []
    let size = 1
    for (let item = compose(); item !== undefined; item = compose()) {
      items.push(item.value)
      size += item.nodes
    }
    return { value: items, nodes: size, isMergeKey: false }
  }

  const composeMapping = (): Node => {
    const map: GoMap = Object.create(null)
    let size = 1
    for (let key = compose(); key !== undefined; key = compose()) {
      const member = compose()
      if (member === undefined) break
      if (key.isMergeKey) merge(map, member.value)
      else map[toKey(key.value)] = member.value
      size += key.nodes + member.nodes
    }
    return { value: map, nodes: size, isMergeKey: false }
  }

  return compose()?.value ?? null
}

function composeScalar(source: string, event: ScalarEvent): Node {
  const text = readText(source, event)
  const isPlain = event.style === SCALAR_STYLE.PLAIN
  const tag = event.tagStart < 0 ? '' : source.slice(event.tagStart, event.tagEnd)
  const isMergeKey = text === '<<' && ((isPlain && tag === '') || tag === '!!merge')
  return { value: resolveScalar(text, tag, isPlain), nodes: 1, isMergeKey }
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
