import { hash } from 'node:crypto'
import type { ChartMetadata } from '../chart/chart-metadata.ts'
import { parseVersion, type Version } from '../chart/version.ts'
import { toBlockYaml } from './block-yaml.ts'
import { toFields } from './entry-fields.ts'
import { toGoJson } from './serialise.ts'
import { formatNanoseconds } from './timestamp.ts'

/** One version of a chart in the index. */
export interface IndexEntry {
  readonly name: string
  readonly version: string
  /** The stored file; normally `<name>-<version>.tgz`. */
  readonly fileName: string
  readonly modifiedNs: bigint
  /** sha256 of the package, 64 lower-case hex digits. */
  readonly digest: string
  /** ChartMuseum's JSON of a version. */
  readonly json: string
  /** undefined where the text is no semver: sorted last. */
  readonly parsedVersion: Version | undefined
  /** 16 bytes that stand for all of the above in the ETag of the index. */
  readonly fingerprint: Buffer
  /** Of its text, about: it is as long in every form. */
  readonly length: number
  /** Its YAML where it was written already: a part of what was served last. */
  yaml: Buffer | undefined
}

export interface PackageFacts {
  metadata: ChartMetadata
  fileName: string
  digest: string
  modifiedNs: bigint
}

/** What urls begin with where none else is configured: relative to the repository, as every helm takes them. */
export const RELATIVE_URLS = 'charts/'

/** @param urlBase what its url begins with, the file name follows. */
export function createEntry(
  { metadata, fileName, digest, modifiedNs }: PackageFacts,
  urlBase: string,
): IndexEntry {
  const { name, version } = metadata
  const json = toGoJson(
    toFields(metadata, {
      urls: [`${urlBase}${fileName}`],
      created: formatNanoseconds(modifiedNs),
      digest,
    }),
  )
  return {
    ...{ name, version, fileName, modifiedNs, digest, json },
    parsedVersion: parseVersion(version),
    fingerprint: fingerprintOf(json),
    length: json.length,
    yaml: undefined,
  }
}

export function fingerprintOf(json: string): Buffer {
  return Buffer.from(hash('sha256', json).slice(0, 2 * FINGERPRINT_BYTES), 'hex')
}

const FINGERPRINT_BYTES = 16

/**
 * `- apiVersion: …`: a list item of the chart's versions, indented by two, ending in a line break. Made only where YAML is
 * asked for: helm from 3.13 on never does.
 */
export function yamlOf({ json }: Pick<IndexEntry, 'json'>): Buffer {
  return Buffer.from(`  - ${toBlockYaml(json, '    ')}\n`)
}
