import { InvalidChart } from './chart-error.ts'
import type { ExpansionCheck } from './gunzip.ts'

/** What an archive may unpack to. The first two are helm's own (3.17.3 and later), for every archive, nested ones too. */
export interface ArchiveLimits {
  /** All files of one archive together. */
  expandedBytes: number
  /** One file. */
  fileBytes: number
  /** Expanded to compressed bytes, looked at once 5 MiB are expanded. */
  ratio: number
  /** Files and directories of one archive. */
  entries: number
  /** One Chart.yaml or requirements.yaml. */
  chartYamlBytes: number
  /** All sub-charts that are archives themselves, together, at any depth. */
  nestedExpandedBytes: number
}

const MIB = 1024 * 1024

export const DEFAULT_LIMITS: ArchiveLimits = Object.freeze({
  expandedBytes: 100 * MIB,
  fileBytes: 5 * MIB,
  ratio: 200,
  entries: 10_000,
  chartYamlBytes: MIB,
  nestedExpandedBytes: 256 * MIB,
})

/** Where the ratio begins to matter: small files of one character compress far better than any real chart. */
const RATIO_FROM_BYTES = 5 * MIB
/** Headers, padding and extended headers, an entry. */
const OVERHEAD_BYTES = 4096
/** All YAML that is parsed for one package and its sub-charts; the metadata among it is kept to the end. */
const YAML_BYTES = 32 * MIB
const METADATA_BYTES = 4 * MIB
/** All that is expanded without letting others go on in between, sub-charts included. */
const AT_ONCE_BYTES = MIB
/** YAML that is parsed in one go: some 10 ms. */
const PARSED_AT_ONCE = 64 * 1024
/** A file is held whole while it is parsed. */
const YAML_FILE_BYTES = 16 * MIB

/** Counts what one package, with the sub-charts in it, has taken. Every method throws {InvalidChart} beyond the limits. */
export interface ArchiveBudget {
  /** For one archive: `checkEntry` for each of its files, the rest for what it expands to. */
  openArchive: (isNested: boolean) => OpenArchive
  /** How many bytes a YAML file may have. */
  yamlBytes: (path: string) => number
  takeYaml: (path: string, bytes: number) => void
  /** Whether others are to go on now: so much was parsed since they did. */
  isPauseDue: () => boolean
}

export interface OpenArchive extends ExpansionCheck {
  countEntry: () => void
  checkEntry: (entry: { name: string; size: number; stored: number }) => void
}

export function createArchiveBudget(limits: ArchiveLimits): ArchiveBudget {
  let nested = 0
  let yaml = 0
  let metadata = 0
  let atOnce = 0
  let parsed = 0

  const tooLarge = () =>
    new InvalidChart(
      `decompressed chart is larger than the maximum file size ${limits.expandedBytes}`,
    )

  const openArchive = (isNested: boolean): OpenArchive => {
    let entries = 0
    let expanded = 0
    let content = 0
    return {
      checkExpanded: (compressedBytes, expandedBytes) => {
        if (isNested) nested += expandedBytes - expanded
        expanded = expandedBytes
        if (nested > limits.nestedExpandedBytes) {
          throw new InvalidChart(
            `sub-charts are larger than ${limits.nestedExpandedBytes} bytes when decompressed`,
          )
        }
        if (expanded > limits.expandedBytes + limits.entries * OVERHEAD_BYTES) throw tooLarge()
        if (expanded > RATIO_FROM_BYTES && expanded > compressedBytes * limits.ratio) {
          throw new InvalidChart(
            `chart archive expands more than ${limits.ratio} times: it is not accepted, as it may be a decompression bomb`,
          )
        }
      },
      mayExpandAtOnce: (bytes) => {
        if (atOnce + bytes > AT_ONCE_BYTES) return false
        atOnce += bytes
        return true
      },
      countEntry: () => {
        entries += 1
        if (entries > limits.entries) {
          throw new InvalidChart(`chart archive has more than ${limits.entries} entries`)
        }
      },
      checkEntry: ({ name, size, stored }) => {
        content += size
        // helm takes a link that states a size for a file that was cut off by the limit.
        if (content >= limits.expandedBytes || stored < size) throw tooLarge()
        if (size > limits.fileBytes) throw tooLargeFile(name, limits.fileBytes)
      },
    }
  }

  return {
    openArchive,
    yamlBytes: (path) =>
      isMetadata(path) ? limits.chartYamlBytes : Math.min(limits.fileBytes, YAML_FILE_BYTES),
    takeYaml: (path, bytes) => {
      yaml += bytes
      parsed += bytes
      if (isMetadata(path)) metadata += bytes
      if (yaml > YAML_BYTES) throw tooMuchYaml('YAML', YAML_BYTES)
      if (metadata > METADATA_BYTES) throw tooMuchYaml('Chart.yaml', METADATA_BYTES)
    },
    isPauseDue: () => {
      if (parsed < PARSED_AT_ONCE) return false
      parsed = 0
      return true
    },
  }
}

function isMetadata(path: string): boolean {
  return /(^|\/)(Chart|requirements)\.yaml$/.test(path)
}

function tooMuchYaml(which: string, bytes: number): InvalidChart {
  return new InvalidChart(
    `the ${which} files of the chart and its sub-charts are larger than ${bytes} bytes together`,
  )
}

export function tooLargeFile(name: string, bytes: number): InvalidChart {
  return new InvalidChart(
    `decompressed chart file ${JSON.stringify(name)} is larger than the maximum file size ${bytes}`,
  )
}
