import { InvalidChart } from '../chart/chart-error.ts'
import {
  isPackageFileName,
  isProvenanceFileName,
  packageOf,
  provenanceOf,
} from '../chart/file-name.ts'
import { inParallel } from '../in-parallel.ts'
import { type IndexEntry, RELATIVE_URLS } from '../index/entry.ts'
import { readPackage } from '../index/read-package.ts'
import { StorageError, type StorageReader } from '../storage/storage.ts'

/** What an index says of a package. */
export interface IndexedPackage {
  name: string
  version: string
  digest: string
}

export type FindingKind =
  /** A package that could be in the index, and is not. */
  | 'no-entry'
  /** In the index, and not in storage. */
  | 'no-file'
  | 'digest-differs'
  /** No chart, or storage does not give it. */
  | 'unreadable'
  | 'lone-provenance'

export interface Finding {
  kind: FindingKind
  fileName: string
  message: string
}

export interface VerifyOptions {
  storage: StorageReader
  project: string
  /** By file name: the index as it is at the call. */
  readIndex: () => Promise<ReadonlyMap<string, IndexedPackage>>
  /** Packages are about to be read. */
  onFound: (packages: number) => void
  /** Called after each; what it throws ends the walk. */
  onRead: () => void
}

const READS_AT_ONCE = 8
/** After so many failures without a success between them it is storage that is away, not these packages. */
const FAILURES_IN_A_ROW = 10

/**
 * Reads every package of a project and compares it with the index. A store may be at work meanwhile: what differs is
 * looked at once more, and told only if it still does.
 * @throws {StorageError} where storage is away.
 */
export async function verifyProject(
  options: VerifyOptions,
): Promise<{ packages: number; findings: Finding[] }> {
  const { packages, findings } = await examine(options, () => true)
  if (findings.length === 0) return { packages, findings }
  const suspects = new Set(findings.map(({ fileName }) => fileName))
  const again = await examine(
    options,
    (fileName) => suspects.has(fileName) || suspects.has(provenanceOf(fileName)),
  )
  const isConfirmed = ({ kind, fileName }: Finding) =>
    findings.some((first) => first.kind === kind && first.fileName === fileName)
  return { packages, findings: again.findings.filter(isConfirmed).sort(byFileName) }
}

async function examine(
  { storage, project, readIndex, onFound, onRead }: VerifyOptions,
  isWanted: (fileName: string) => boolean,
): Promise<{ packages: number; findings: Finding[] }> {
  const names = (await storage.listNames(project)).filter(isWanted)
  const packages = names.filter(isPackageFileName)
  const index = await readIndex()
  onFound(packages.length)

  let failures = 0
  const read = async (fileName: string): Promise<Finding | undefined> => {
    try {
      const entry = await readPackage(await storage.get(project, fileName), RELATIVE_URLS)
      failures = 0
      return compare(entry, index)
    } catch (error) {
      if (error instanceof StorageError && error.fault === 'missing') return undefined
      const isKnown = error instanceof InvalidChart || error instanceof StorageError
      const isAway = error instanceof StorageError && ++failures >= FAILURES_IN_A_ROW
      if (!isKnown || isAway) throw error
      return { kind: 'unreadable', fileName, message: error.message }
    }
  }
  const findings: Finding[] = []
  await inParallel(packages, READS_AT_ONCE, async (fileName) => {
    const finding = await read(fileName)
    if (finding !== undefined) findings.push(finding)
    onRead()
  })

  const present = new Set(packages)
  const lost = [...index.keys()].filter((fileName) => isWanted(fileName) && !present.has(fileName))
  const lone = names.filter((name) => isProvenanceFileName(name) && !present.has(packageOf(name)))
  for (const fileName of lost) {
    const { name = '', version = '' } = index.get(fileName) ?? {}
    const message = `the index has ${name} ${version}, storage not`
    findings.push({ kind: 'no-file', fileName, message })
  }
  for (const fileName of lone) {
    const message = `${packageOf(fileName)} is not there`
    findings.push({ kind: 'lone-provenance', fileName, message })
  }
  return { packages: packages.length, findings }
}

function byFileName(a: Finding, b: Finding): number {
  return a.fileName < b.fileName ? -1 : 1
}

function compare(
  { fileName, name, version, digest }: IndexEntry,
  index: ReadonlyMap<string, IndexedPackage>,
): Finding | undefined {
  const indexed = index.get(fileName)
  if (indexed === undefined) {
    const holder = [...index].find(([, held]) => held.name === name && held.version === version)
    const reason = holder === undefined ? 'is not in the index' : `is there from ${holder[0]}`
    return { kind: 'no-entry', fileName, message: `${name} ${version} ${reason}` }
  }
  if (indexed.digest === digest) return undefined
  return {
    kind: 'digest-differs',
    fileName,
    message: `its sha256 is ${digest}, the index says ${indexed.digest}`,
  }
}
