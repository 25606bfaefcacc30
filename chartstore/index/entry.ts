import { hash } from 'node:crypto'
import type { ChartMetadata } from '../chart/chart-metadata.ts'
import { parseVersion, type Version } from '../chart/version.ts'
import { toBlockYaml } from './block-yaml.ts'
import { type Plain, toGoJson } from './serialise.ts'
import { formatNanoseconds } from './timestamp.ts'

/** One version of a chart as files, threads and replicas pass it on. */
export interface EntryText {
  name: string
  version: string
  /** The stored file; normally `<name>-<version>.tgz`. */
  fileName: string
  modifiedNs: bigint
  /** sha256 of the package, 64 lower-case hex digits. */
  digest: string
  /** ChartMuseum's JSON of a version. */
  json: string
}

/** One version of a chart in the index. */
export interface IndexEntry extends EntryText {
  /** undefined where the text is no semver: sorted last. */
  parsedVersion: Version | undefined
  /** 16 bytes that stand for all of the above in the ETag of the index. */
  fingerprint: Buffer
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
export function describeEntry(
  { metadata, fileName, digest, modifiedNs }: PackageFacts,
  urlBase: string,
): EntryText {
  const fields = toFields(metadata, {
    urls: [`${urlBase}${fileName}`],
    created: formatNanoseconds(modifiedNs),
    digest,
  })
  const { name, version } = metadata
  return { name, version, fileName, modifiedNs, digest, json: toGoJson(fields) }
}

/** @param text as `describeEntry` made it, be it long ago. */
export function toEntry(text: EntryText, fingerprint = fingerprintOf(text.json)): IndexEntry {
  const { name, version, fileName, modifiedNs, digest, json } = text
  return {
    ...{ name, version, fileName, modifiedNs, digest, json },
    parsedVersion: parseVersion(version),
    fingerprint,
  }
}

export function createEntry(facts: PackageFacts, urlBase: string): IndexEntry {
  return toEntry(describeEntry(facts, urlBase))
}

export function fingerprintOf(json: string): Buffer {
  return Buffer.from(hash('sha256', json).slice(0, 2 * FINGERPRINT_BYTES), 'hex')
}

const FINGERPRINT_BYTES = 16

/**
 * `- apiVersion: …`: a list item of the chart's versions, indented by two, ending in a line break. Made only where YAML is
 * asked for: helm from 3.13 on never does.
 */
export function yamlOf({ json }: EntryText): Buffer {
  return Buffer.from(`  - ${toBlockYaml(json, '    ')}\n`)
}

type Fields = { readonly [key: string]: Plain | undefined }

/** The fields in the order of Go's struct (spec/chartmuseum.md 1.4), empty ones left out as `omitempty` does. */
function toFields(
  metadata: ChartMetadata,
  stored: { urls: string[]; created: string; digest: string },
): Fields {
  return {
    name: metadata.name,
    home: text(metadata.home),
    sources: list(metadata.sources),
    version: metadata.version,
    description: text(metadata.description),
    keywords: list(metadata.keywords),
    maintainers: list(
      metadata.maintainers?.map(({ name, email, url }) => ({
        name: text(name),
        email: text(email),
        url: text(url),
      })),
    ),
    icon: text(metadata.icon),
    apiVersion: metadata.apiVersion,
    condition: text(metadata.condition),
    tags: text(metadata.tags),
    appVersion: text(metadata.appVersion),
    deprecated: metadata.deprecated || undefined,
    annotations: sortedMap(metadata.annotations),
    kubeVersion: text(metadata.kubeVersion),
    dependencies: list(metadata.dependencies?.map(toDependencyFields)),
    type: text(metadata.type),
    ...stored,
  }
}

function toDependencyFields(
  dependency: NonNullable<ChartMetadata['dependencies']>[number],
): Fields {
  return {
    name: dependency.name,
    version: text(dependency.version),
    repository: dependency.repository ?? '',
    condition: text(dependency.condition),
    tags: list(dependency.tags),
    enabled: dependency.enabled || undefined,
    'import-values': list(dependency['import-values'] as Plain[] | undefined),
    alias: text(dependency.alias),
  }
}

function text(value: string | undefined): string | undefined {
  return value || undefined
}

function list(items: readonly Plain[] | undefined): readonly Plain[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items
}

function sortedMap(map: Readonly<Record<string, string>> | undefined): Fields | undefined {
  const pairs = Object.entries(map ?? {})
  if (pairs.length === 0) return undefined
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}
