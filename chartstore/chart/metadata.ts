import { InvalidChart, rethrowAsInvalid } from './chart-error.ts'
import type { ChartMetadata, MetadataDraft } from './chart-metadata.ts'
import { decodeGo, type GoStruct, type GoType } from './go-decode.ts'
import type { GoValue } from './go-value.ts'
import { decodeYaml, parseGoYaml } from './go-yaml.ts'
import { validateMetadata } from './metadata-rules.ts'

const STRINGS: GoType = { list: 'string' }

const MAINTAINER: GoStruct = {
  struct: 'Maintainer',
  fields: { name: 'string', email: 'string', url: 'string' },
}

const DEPENDENCY: GoStruct = {
  struct: 'Dependency',
  fields: {
    name: 'string',
    version: 'string',
    repository: 'string',
    condition: 'string',
    tags: STRINGS,
    enabled: 'bool',
    'import-values': { list: 'interface {}' },
    alias: 'string',
  },
}

/** helm's chart.Metadata; a field here is a member of ChartMetadata of the same name and type. */
const METADATA: GoStruct = {
  struct: 'Metadata',
  fields: {
    name: 'string',
    home: 'string',
    sources: STRINGS,
    version: 'string',
    description: 'string',
    keywords: STRINGS,
    maintainers: { list: MAINTAINER },
    icon: 'string',
    apiVersion: 'string',
    condition: 'string',
    tags: 'string',
    appVersion: 'string',
    deprecated: 'bool',
    annotations: { map: 'string' },
    kubeVersion: 'string',
    dependencies: { list: DEPENDENCY },
    type: 'string',
  },
}

/** helm's chart.Lock, of which only matters that it can be read. */
export const LOCK: GoStruct = {
  struct: 'Lock',
  fields: { generated: 'time.Time', digest: 'string', dependencies: { list: DEPENDENCY } },
}

/**
 * The metadata of one Chart.yaml, valid by helm's rules.
 * @throws {InvalidChart} with helm's texts, which name `file`
 */
export function readMetadata(chartYaml: string, file = 'Chart.yaml'): ChartMetadata {
  return validateMetadata(draftMetadata(chartYaml, file))
}

/**
 * The same from a value that is parsed already, such as an entry of an index: its other keys are dropped.
 * @throws {InvalidChart}
 */
export function metadataOf(value: unknown, file = 'Chart.yaml'): ChartMetadata {
  return validateMetadata(decodeMetadata(value as GoValue, file, undefined))
}

/**
 * Reads a Chart.yaml, or the requirements.yaml of a v1 chart, over what an earlier file said, as helm does: both may
 * set any key.
 * @throws {InvalidChart} `cannot load Chart.yaml: <reason>`
 */
export function draftMetadata(
  yaml: Buffer | string,
  file: string,
  base?: MetadataDraft,
): MetadataDraft {
  let value: GoValue
  try {
    value = parseGoYaml(typeof yaml === 'string' ? yaml : decodeYaml(yaml))
  } catch (error) {
    rethrowAsInvalid(`cannot load ${file}`, error)
  }
  return decodeMetadata(value, file, base)
}

function decodeMetadata(
  value: GoValue,
  file: string,
  base: MetadataDraft | undefined,
): MetadataDraft {
  try {
    const decoded = decodeGo(value, METADATA, base) as MetadataDraft | null
    return withoutNulls(decoded ?? base ?? {})
  } catch (error) {
    if (error instanceof InvalidChart) throw error
    rethrowAsInvalid(`cannot load ${file}`, error)
  }
}

/** A null where a list or a map should be takes it away; a null among maintainers or dependencies is a fault. */
function withoutNulls(draft: MetadataDraft): MetadataDraft {
  if (!Object.values<unknown>(draft).includes(null)) return draft
  return Object.fromEntries(Object.entries(draft).filter(([, member]) => member !== null))
}
