import { InvalidChart } from './chart-error.ts'
import type { ChartMetadata } from './chart-metadata.ts'
import { quoteAsGo } from './quoted-text.ts'

/** YAML gives a key 1024 characters up to its colon; one longer key makes a whole index unreadable for every helm. */
const MAX_QUOTED_KEY = 1000
/** Not too long, whatever is in it: nothing is longer than `\u0000` when quoted. */
const SHORT_KEY = 160

/** Every client of a repository downloads every entry of it. */
const MAX_ENTRY = 256 * 1024

/**
 * Rules of the index that helm has not for a chart by itself: no key too long for YAML, escapes counted, and no nulls.
 * @throws {InvalidChart}
 */
export function fitForIndex(metadata: ChartMetadata): ChartMetadata {
  if (JSON.stringify(metadata).length > MAX_ENTRY) {
    throw new InvalidChart(
      `validation: the metadata of the chart is too large for an index (${MAX_ENTRY} characters): shorten annotations and descriptions`,
    )
  }
  checkKey('the chart name', metadata.name)
  checkKeys('annotations', metadata.annotations)
  if (metadata.dependencies === undefined) return metadata
  const dependencies = metadata.dependencies.map((dependency) => {
    const values = dependency['import-values']
    if (values === undefined) return dependency
    checkKeys('import-values', values)
    return { ...dependency, 'import-values': withoutNulls(values) }
  })
  return { ...metadata, dependencies }
}

function checkKeys(place: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    checkKey(`a key in ${place}`, key)
    checkKeys(place, member)
  }
}

function checkKey(what: string, key: string): void {
  if (key.length <= SHORT_KEY || quoteAsGo(key).length <= MAX_QUOTED_KEY) return
  throw new InvalidChart(
    `validation: ${what} is too long for an index (${MAX_QUOTED_KEY} characters): ${key.slice(0, 40)}…`,
  )
}

function withoutNulls(items: readonly unknown[]): unknown[] {
  return items.filter((item) => item !== null).map(cleanMember)
}

function cleanMember(value: unknown): unknown {
  if (Array.isArray(value)) return withoutNulls(value)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([key, member]) => [key, cleanMember(member)]))
}
