import { InvalidChart } from './chart-error.ts'

const PACKAGE = '.tgz'
const PROVENANCE = '.tgz.prov'
/** NAME_MAX of every file system that we may store on. */
const MAX_BYTES = 255

export function packageFileName(name: string, version: string): string {
  return `${name}-${version}${PACKAGE}`
}

export function provenanceFileName(name: string, version: string): string {
  return `${name}-${version}${PROVENANCE}`
}

export function isPackageFileName(fileName: string): boolean {
  return fileName.length > PACKAGE.length && fileName.endsWith(PACKAGE)
}

export function isProvenanceFileName(fileName: string): boolean {
  return fileName.length > PROVENANCE.length && fileName.endsWith(PROVENANCE)
}

export function provenanceOf(packageFile: string): string {
  return `${packageFile}.prov`
}

/** The package that a file is, or that it belongs to. */
export function packageOf(fileName: string): string {
  return isProvenanceFileName(fileName) ? fileName.slice(0, -'.prov'.length) : fileName
}

/**
 * Whether a name, of a package or its provenance, can be a file beside the others: a base name without control
 * characters, and short enough that the name of the provenance fits too.
 * @throws {InvalidChart} with ChartMuseum's text, or one that says that the name is too long.
 */
export function checkFileName(fileName: string): void {
  if (!isBaseName(fileName)) throw new InvalidChart(`${fileName} is improperly formatted`)
  const longest = isProvenanceFileName(fileName) ? fileName : `${fileName}.prov`
  if (Buffer.byteLength(longest) > MAX_BYTES) {
    throw new InvalidChart(
      `${fileName} is too long: name and version may have ${MAX_BYTES - PROVENANCE.length - 1} bytes together`,
    )
  }
}

function isBaseName(fileName: string): boolean {
  if (fileName === '' || fileName === '.' || fileName === '..') return false
  return !fileName.includes('/') && !/[\p{Cc}\p{Cs}]/u.test(fileName)
}
