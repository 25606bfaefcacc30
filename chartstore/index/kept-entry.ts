import { parseVersion, type Version } from '../chart/version.ts'
import type { IndexEntry } from './entry.ts'
import { toEntryJson } from './entry-json.ts'
import type { EntryFacts } from './packed-facts.ts'

/**
 * A version as it was packed: its YAML stays as it is until somebody asks for something else. A class, because there are as many
 * of them as there are packages: they share what they can do.
 */
export class KeptEntry implements IndexEntry {
  readonly name: string
  readonly version: string
  readonly fileName: string
  readonly #facts: EntryFacts
  /** Its place in them. */
  readonly #at: number
  /** Where its YAML is. */
  #bytes: Buffer
  #start: number
  #end: number

  constructor(
    { name, version, fileName }: Pick<IndexEntry, 'name' | 'version' | 'fileName'>,
    facts: EntryFacts,
    at: number,
    bytes: Buffer,
  ) {
    this.name = name
    this.version = version
    this.fileName = fileName
    this.#facts = facts
    this.#at = at
    this.#bytes = bytes
    this.#start = facts.start(at)
    this.#end = facts.end(at)
  }

  get modifiedNs(): bigint {
    return this.#facts.modifiedNs(this.#at)
  }

  get fingerprint(): Buffer {
    return this.#facts.fingerprint(this.#at)
  }

  get length(): number {
    return this.#end - this.#start
  }

  get parsedVersion(): Version | undefined {
    return parseVersion(this.version)
  }

  get yaml(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end)
  }

  /** The same bytes at another place, so that what it was packed in is not kept for it. */
  set yaml(bytes: Buffer) {
    this.#bytes = bytes
    this.#start = 0
    this.#end = bytes.length
  }

  get json(): string {
    return toEntryJson(this.yaml.toString())
  }

  get digest(): string {
    return JSON.parse(this.json).digest
  }
}
