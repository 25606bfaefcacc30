import { InvalidChart } from './chart-error.ts'
import type { ChartMetadata, Dependency, Maintainer, MetadataDraft } from './chart-metadata.ts'
import { quoteGo } from './go-quote.ts'
import { fitForIndex } from './index-rules.ts'
import { parseVersion } from './version.ts'

/**
 * helm's Metadata.Validate (v3.20 and later): cleans the strings that are shown, then checks; and the index's own rules.
 * @throws {InvalidChart} with helm's texts
 */
export function validateMetadata(draft: MetadataDraft): ChartMetadata {
  const { maintainers, dependencies, ...rest } = draft
  const metadata = {
    ...rest,
    ...cleaned(rest, [
      'description',
      'home',
      'icon',
      'condition',
      'tags',
      'appVersion',
      'kubeVersion',
    ]),
    ...(rest.sources && { sources: rest.sources.map(clean) }),
    ...(rest.keywords && { keywords: rest.keywords.map(clean) }),
    apiVersion: rest.apiVersion || 'v1',
    name: checkName(clean(rest.name ?? '')),
    version: checkVersion(rest.version ?? ''),
  }
  if (!['', 'application', 'library'].includes(rest.type ?? '')) {
    throw invalid('chart.metadata.type must be application or library')
  }
  return fitForIndex({
    ...metadata,
    ...(maintainers && { maintainers: maintainers.map(checkMaintainer) }),
    ...(dependencies && { dependencies: checkDependencies(dependencies) }),
  })
}

function checkName(name: string): string {
  if (name === '') throw invalid('chart.metadata.name is required')
  if (name === '.' || name === '..') {
    throw invalid(`chart.metadata.name ${quoteGo(name)} is not allowed`)
  }
  if (name.includes('/')) throw invalid(`chart.metadata.name ${quoteGo(name)} is invalid`)
  return name
}

function checkVersion(version: string): string {
  if (version === '') throw invalid('chart.metadata.version is required')
  if (parseVersion(version) === undefined) {
    throw invalid(`chart.metadata.version ${quoteGo(version)} is invalid`)
  }
  return version
}

function checkMaintainer(maintainer: Maintainer | null): Maintainer {
  if (maintainer === null) throw invalid('maintainers must not contain empty or null nodes')
  return { ...maintainer, ...cleaned(maintainer, ['name', 'email', 'url']) }
}

function checkDependencies(dependencies: readonly (Dependency | null)[]): Dependency[] {
  const seen = new Set<string>()
  return dependencies.map((dependency) => {
    const checked = checkDependency(dependency)
    const key = checked.alias || checked.name
    if (seen.has(key)) {
      throw invalid(`more than one dependency with name or alias ${quoteGo(key)}`)
    }
    seen.add(key)
    return checked
  })
}

function checkDependency(dependency: Dependency | null): Dependency {
  if (dependency === null) throw invalid('dependencies must not contain empty or null nodes')
  const checked: Dependency = {
    ...dependency,
    ...cleaned(dependency, ['version', 'condition']),
    name: clean(dependency.name ?? ''),
    repository: clean(dependency.repository ?? ''),
    ...(dependency.tags && { tags: dependency.tags.map(clean) }),
  }
  if (checked.alias && !/^[a-zA-Z0-9_-]+$/.test(checked.alias)) {
    throw invalid(`dependency ${quoteGo(checked.name)} has disallowed characters in the alias`)
  }
  return checked
}

function cleaned<Key extends string>(
  source: { readonly [key in Key]?: string },
  keys: readonly Key[],
): { [key in Key]?: string } {
  const result: { [key in Key]?: string } = {}
  for (const key of keys) {
    const value = source[key]
    if (value !== undefined) result[key] = clean(value)
  }
  return result
}

/** helm's sanitizeString: white space becomes spaces, what cannot be printed goes (Go's unicode.IsPrint). */
function clean(text: string): string {
  if (CLEAN.test(text)) return text
  return text.replace(/\p{White_Space}/gu, ' ').replace(/[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu, '')
}

const CLEAN = /^[ -~]*$/

function invalid(reason: string): InvalidChart {
  return new InvalidChart(`validation: ${reason}`)
}
