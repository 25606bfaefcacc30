import type { ChartMetadata, Dependency, Maintainer } from '../chart/chart-metadata.ts'
import type { Plain } from './serialise.ts'

export type Fields = { readonly [key: string]: Plain | undefined }

/** What an entry has beside the chart's metadata. */
export interface StoredFields {
  urls: string[]
  created: string
  digest: string
}

/** The fields in the order of Go's struct (spec/chartmuseum.md 1.4), empty ones left out as `omitempty` does. */
export function toFields(metadata: ChartMetadata, stored: StoredFields): Fields {
  return {
    name: metadata.name,
    home: text(metadata.home),
    sources: list(metadata.sources),
    version: metadata.version,
    description: text(metadata.description),
    keywords: list(metadata.keywords),
    maintainers: list(metadata.maintainers?.map(toMaintainerFields)),
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

function toMaintainerFields({ name, email, url }: Maintainer): Fields {
  return { name: text(name), email: text(email), url: text(url) }
}

function toDependencyFields(dependency: Dependency): Fields {
  return {
    name: dependency.name,
    version: text(dependency.version),
    repository: dependency.repository ?? '',
    condition: text(dependency.condition),
    tags: list(dependency.tags),
    enabled: dependency.enabled || undefined,
    'import-values': list(dependency['import-values']?.map((value) => sorted(value as Plain))),
    alias: text(dependency.alias),
  }
}

function text(value: string | undefined): string | undefined {
  return value || undefined
}

function list(items: readonly Plain[] | undefined): readonly Plain[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items
}

function sortedMap(map: Readonly<Record<string, Plain>> | undefined): Fields | undefined {
  const pairs = Object.entries(map ?? {})
  if (pairs.length === 0) return undefined
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Go's encoding/json sorts the keys of every map. */
function sorted(value: Plain): Plain {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const pairs = Object.entries(value).map(([key, member]) => [key, sorted(member as Plain)])
  return sortedMap(Object.fromEntries(pairs)) ?? {}
}

const NONE = { name: '', version: '', apiVersion: '', repository: '' }

/** All fields that an object in an entry can have, in their order. */
export const FIELD_ORDER = {
  entry: Object.keys(toFields(NONE, { urls: [], created: '', digest: '' })),
  maintainers: Object.keys(toMaintainerFields({})),
  dependencies: Object.keys(toDependencyFields(NONE)),
}
