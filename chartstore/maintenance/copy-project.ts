import { createHash } from 'node:crypto'
import { InvalidChart } from '../chart/chart-error.ts'
import {
  isPackageFileName,
  isProvenanceFileName,
  packageOf,
  provenanceOf,
} from '../chart/file-name.ts'
import { inParallel } from '../in-parallel.ts'
import { RELATIVE_URLS } from '../index/entry.ts'
import { readPackage } from '../index/read-package.ts'
import {
  type NewFile,
  type OpenFile,
  type Spool,
  type Storage,
  StorageError,
  type StorageReader,
} from '../storage/storage.ts'

export interface CopyOptions {
  from: StorageReader
  to: StorageReader
  /** Undefined: everything is read and compared, and nothing is written. */
  write: Pick<Storage, 'createSpool' | 'put'> | undefined
  project: string
  /** Copied by an earlier run: not looked at again. */
  isKnown: (fileName: string) => boolean
  /** Packages are about to be read. */
  onFound: (packages: number) => void
  /** Called after each; what it throws ends the copying. */
  onRead: () => void
  /** The package is in its place, now or already, with its provenance. */
  onCopied: (fileName: string) => Promise<void>
}

export interface CopyResult {
  copied: number
  /** Of the copied ones, provenance included. */
  bytes: number
  /** In place already, byte for byte. */
  same: number
  known: number
  remarks: CopyRemark[]
}

export interface CopyRemark {
  kind: 'different' | 'unreadable' | 'lone-provenance'
  fileName: string
  message: string
}

const AT_ONCE = 4

/**
 * Copies the packages of a project with their provenance, each pair as one, byte for byte and with its time, and reads
 * them back. What is in place is never replaced. Ended at any moment, it goes on where it was.
 * @throws {StorageError}
 */
export async function copyProject(options: CopyOptions): Promise<CopyResult> {
  const { from, to, project, isKnown, onFound, onRead } = options
  const names = new Set(await from.listNames(project))
  const packages = [...names].filter(isPackageFileName)
  const wanted = packages.filter((fileName) => !isKnown(fileName))
  const present = new Set(await to.listNames(project))
  const result: CopyResult = {
    copied: 0,
    bytes: 0,
    same: 0,
    known: packages.length - wanted.length,
    remarks: [...names]
      .filter((name) => isProvenanceFileName(name) && !names.has(packageOf(name)))
      .map((fileName) => ({
        kind: 'lone-provenance',
        fileName,
        message: `${packageOf(fileName)} is not there: not copied`,
      })),
  }
  onFound(wanted.length)
  await inParallel(wanted, AT_ONCE, async (fileName) => {
    const remark = await copyPackage({ ...options, names, present }, fileName, result)
    if (remark !== undefined) result.remarks.push(remark)
    onRead()
  })
  return result
}

interface PackageOptions extends CopyOptions {
  names: ReadonlySet<string>
  present: ReadonlySet<string>
}

async function copyPackage(
  options: PackageOptions,
  fileName: string,
  result: CopyResult,
): Promise<CopyRemark | undefined> {
  const { from, to, write, project, names, present, onCopied } = options
  const digest = await readDigest(from, project, fileName)
  if (typeof digest !== 'string') return digest
  const pair = new Map([[fileName, digest]])
  const provenance = provenanceOf(fileName)
  if (names.has(provenance)) pair.set(provenance, await hash(from, project, provenance))

  const missing = [...pair].filter(([name]) => !present.has(name))
  for (const [name, sum] of pair) {
    if (!present.has(name) || (await hash(to, project, name)) === sum) continue
    return { kind: 'different', fileName: name, message: 'another file of this name is here: kept' }
  }
  if (missing.length > 0 && write !== undefined) {
    const failure = await copy(options, write, missing)
    if (failure !== undefined) return { kind: 'unreadable', fileName, message: failure }
  }
  for (const [name] of missing) result.bytes += (await from.stat(project, name)).size
  if (missing.length === 0) result.same++
  else result.copied++
  if (write !== undefined) await onCopied(fileName)
  return undefined
}

/** The sha256 of a package, or what is wrong with it. */
async function readDigest(
  storage: StorageReader,
  project: string,
  fileName: string,
): Promise<string | CopyRemark> {
  try {
    return (await readPackage(await storage.get(project, fileName), RELATIVE_URLS)).digest
  } catch (error) {
    const isGone = error instanceof StorageError && error.fault === 'missing'
    if (!isGone && !(error instanceof InvalidChart)) throw error
    return { kind: 'unreadable', fileName, message: `${error.message}: not copied` }
  }
}

async function hash(storage: StorageReader, project: string, fileName: string): Promise<string> {
  const sum = createHash('sha256')
  for await (const chunk of (await storage.get(project, fileName)).stream()) sum.update(chunk)
  return sum.digest('hex')
}

/**
 * @param wanted sums by file name: what is written must have them, before it is put in its place and after.
 * @returns why it was not copied, where it was not.
 */
async function copy(
  { from, to, project }: CopyOptions,
  write: NonNullable<CopyOptions['write']>,
  wanted: readonly (readonly [string, string])[],
): Promise<string | undefined> {
  const files: NewFile[] = []
  try {
    for (const [fileName, sum] of wanted) {
      const spool = await write.createSpool()
      files.push({ fileName, spool })
      if ((await fill(spool, await from.get(project, fileName))) === sum) continue
      return 'was changed while it was read: run the import again'
    }
    await write.put(project, files, false)
  } catch (error) {
    if (!(error instanceof StorageError && error.fault === 'exists')) throw error
    return 'came here by another way meanwhile: run the import again'
  } finally {
    for (const { spool } of files) await spool.discard()
  }
  for (const [fileName, sum] of wanted) {
    if ((await hash(to, project, fileName)) === sum) continue
    throw new Error(
      `${project}/${fileName} was written and reads otherwise: do not rely on this storage`,
    )
  }
  return undefined
}

/** @returns the sha256 of what was written. */
async function fill(spool: Spool, file: OpenFile): Promise<string> {
  const sum = createHash('sha256')
  for await (const chunk of file.stream()) {
    sum.update(chunk)
    await spool.write(chunk)
  }
  await spool.finish(file.modifiedNs)
  return sum.digest('hex')
}
