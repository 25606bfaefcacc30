import { invalidTar } from './tar-header.ts'

/**
 * The records of a PAX extended header (`17 path=foo/bar\n`), as Go's archive/tar takes them.
 * @throws {InvalidChart} where they are malformed
 */
export function parsePaxRecords(body: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let rest = body; rest.length > 0; ) {
    const space = rest.indexOf(0x20)
    const digits = rest.toString('latin1', 0, Math.max(space, 0))
    const length = /^[0-9]+$/.test(digits) ? Number(digits) : 0
    if (length <= space + 1 || length > rest.length || rest[length - 1] !== 0x0a) throw invalidTar()
    const record = rest.toString('utf8', space + 1, length - 1)
    const equals = record.indexOf('=')
    const key = record.slice(0, equals)
    const value = record.slice(equals + 1)
    if (equals <= 0 || !isValidRecord(key, value)) throw invalidTar()
    records.set(key, value)
    rest = rest.subarray(length)
  }
  return records
}

function isValidRecord(key: string, value: string): boolean {
  const mustBeText = ['path', 'linkpath', 'uname', 'gname'].includes(key)
  return !key.includes('\0') && !(mustBeText && value.includes('\0'))
}

const NUMBERS = new Map([
  ['size', /^[-+]?[0-9]{1,15}$/],
  ['uid', /^[-+]?[0-9]+$/],
  ['gid', /^[-+]?[0-9]+$/],
  ['mtime', /^-?[0-9]+(\.[0-9]*)?$/],
  ['atime', /^-?[0-9]+(\.[0-9]*)?$/],
  ['ctime', /^-?[0-9]+(\.[0-9]*)?$/],
])

interface Overrides {
  name?: string
  size?: number
}

const NOTHING: Overrides = {}

/**
 * What extended headers say of the file that follows them.
 * @throws {InvalidChart} where a number is none
 */
export function overridesOf(records: ReadonlyMap<string, string>): Overrides {
  if (records.size === 0) return NOTHING
  for (const [key, pattern] of NUMBERS) {
    const value = records.get(key)
    if (value && !pattern.test(value)) throw invalidTar()
  }
  const name = records.get('path')
  const size = records.get('size')
  return { ...(name && { name }), ...(size && { size: Number(size) }) }
}

/** GNU's sparse files have a map of holes in place of their plain content: `tar --sparse` makes them. */
export function isSparse(type: string, records: ReadonlyMap<string, string>): boolean {
  if (records.size === 0) return type === 'S'
  return type === 'S' || [...records.keys()].some((key) => key.startsWith('GNU.sparse.'))
}
