import { InvalidChart, rethrowAsInvalid } from './chart-error.ts'
import type { ChartMetadata, MetadataDraft } from './chart-metadata.ts'
import type { GoType } from './go-decode.ts'
import { draftMetadata, LOCK } from './metadata.ts'
import { validateMetadata } from './metadata-rules.ts'

/**
 * Collects the files of one chart as they come, in any order, and judges them at the end as helm's LoadFiles does. Of
 * what is parsed only the metadata and the faults are kept.
 */
export interface ChartFiles {
  /** Who wants the content of a file; undefined for most. */
  accept: (path: string) => FileReader | undefined
  /** @throws {InvalidChart} with the fault that helm would name first */
  finish: () => ChartMetadata
}

export type FileReader =
  | { kind: 'yaml'; take: (content: Buffer) => void }
  /** One that only has to be decodable into a type of Go. */
  | { kind: 'checked yaml'; type: GoType; noteFault: (fault: string) => void }
  /** A sub-chart that is an archive: to be walked into `files`, then settled with the fault, if there was one. */
  | { kind: 'archive'; files: ChartFiles; settle: (fault?: unknown) => void }

interface Subchart {
  files: ChartFiles
  /** What went wrong before the end. */
  fault?: unknown
  /** Where it is a folder whose name ends in .tgz: the file that gave it away. */
  strayPath?: string
}

/** No chart comes near this; helm has no limit. */
const MAX_DEPTH = 16

const VALUES: GoType = { map: 'interface {}' }

export function createChartFiles(depth = 0): ChartFiles {
  if (depth > MAX_DEPTH) {
    throw new InvalidChart(`sub-charts are nested more than ${MAX_DEPTH} levels deep`)
  }
  const chartYamls: Buffer[] = []
  /** What follows from the other files, in the order of the archive. */
  const laterFiles: ((draft: MetadataDraft | undefined) => MetadataDraft | undefined)[] = []
  const subcharts = new Map<string, Subchart>()

  const check = (path: string, type: GoType): FileReader => ({
    kind: 'checked yaml',
    type,
    noteFault: (fault) =>
      laterFiles.push(() => {
        throw new InvalidChart(`cannot load ${path}: ${fault}`)
      }),
  })

  const acceptSubchart = (path: string): FileReader | undefined => {
    const [name = '', ...below] = path.split('/')
    if (path.endsWith('.prov') || /^[_.]/.test(name)) return undefined
    const known = subcharts.get(name)
    const subchart: Subchart = known ?? { files: createChartFiles(depth + 1) }
    subcharts.set(name, subchart)
    if (!name.endsWith('.tgz')) {
      return below.length === 0 ? undefined : subchart.files.accept(below.join('/'))
    }
    if (known !== undefined) return undefined
    if (below.length === 0) {
      const settle = (fault?: unknown) => {
        subchart.fault = fault
      }
      return { kind: 'archive', files: subchart.files, settle }
    }
    subchart.strayPath = path
    return undefined
  }

  return {
    accept: (path) => {
      if (path.startsWith('charts/')) return acceptSubchart(path.slice('charts/'.length))
      switch (path) {
        case 'Chart.yaml':
          return { kind: 'yaml', take: (content) => chartYamls.push(content) }
        case 'requirements.yaml': {
          const read = (content: Buffer) => (draft: MetadataDraft | undefined) =>
            draft && draftMetadata(content, path, draft)
          return { kind: 'yaml', take: (content) => laterFiles.push(read(content)) }
        }
        case 'Chart.lock':
        case 'requirements.lock':
          return check(path, LOCK)
        case 'values.yaml':
          return check(path, VALUES)
        default:
          return undefined
      }
    },
    finish: () => {
      let draft: MetadataDraft | undefined
      for (const content of chartYamls) draft = draftMetadata(content, 'Chart.yaml', draft)
      for (const read of laterFiles) draft = read(draft)
      if (draft === undefined) throw new InvalidChart('Chart.yaml file is missing')
      const metadata = validateMetadata(draft)
      for (const [name, subchart] of subcharts) finishSubchart(name, subchart, metadata.name)
      return metadata
    },
  }
}

function finishSubchart(name: string, subchart: Subchart, parent: string): void {
  const { files, fault, strayPath } = subchart
  if (strayPath !== undefined) {
    throw new InvalidChart(
      `error unpacking subchart tar in ${parent}: expected ${name}, got ${strayPath}`,
    )
  }
  try {
    if (fault !== undefined) throw fault
    files.finish()
  } catch (error) {
    if (!(error instanceof InvalidChart)) throw error
    rethrowAsInvalid(`error unpacking subchart ${name} in ${parent}`, error)
  }
}
