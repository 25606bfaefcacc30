import { InvalidChart } from './chart-error.ts'

export const BLOCK_BYTES = 512

/** One header block, before the extended headers that came ahead of it are laid over it. */
export interface TarHeader {
  name: string
  /** `0` file, `5` directory, `x` extended header …; a NUL of the oldest format stays a NUL. */
  type: string
  size: number
  mode: number
}

export function invalidTar(): InvalidChart {
  return new InvalidChart('archive/tar: invalid tar header')
}

/**
 * Reads a header block as Go's archive/tar does (reader.go, readHeader), so that we see the very names and sizes that
 * helm will see.
 * @throws {InvalidChart} `archive/tar: invalid tar header`
 */
export function parseTarHeader(block: Buffer): TarHeader {
  if (!hasValidChecksum(block)) throw invalidTar()
  if (!hasValidNumbers(block)) throw invalidTar()
  const prefix = parsePrefix(block)
  const name = parseText(block.subarray(0, 100))
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    type: String.fromCharCode(block[156] ?? 0),
    size: parseNumber(block.subarray(124, 136)),
    mode: parseNumber(block.subarray(100, 108)),
  }
}

/** uid, gid, mtime, device: nothing here needs them, but Go refuses a header where they are no numbers. */
function hasValidNumbers(block: Buffer): boolean {
  const hasDevice = block.toString('latin1', 257, 262) === 'ustar'
  const fields = [108, 116, 136, ...(hasDevice ? [329, 337] : [])]
  return fields.every((start) => isNumber(block.subarray(start, start + (start === 136 ? 12 : 8))))
}

function isNumber(field: Buffer): boolean {
  return (field[0] ?? 0) >= 0x80 || !Number.isNaN(parseOctal(field))
}

/** The sum over the block with the checksum's own place as spaces, of unsigned bytes or (Sun's tar) of signed ones. */
function hasValidChecksum(block: Buffer): boolean {
  let unsigned = 0
  let signed = 0
  for (const [index, byte] of block.entries()) {
    const counted = index >= 148 && index < 156 ? 32 : byte
    unsigned += counted
    signed += counted < 128 ? counted : counted - 256
  }
  const stated = parseOctal(block.subarray(148, 156))
  return stated === unsigned || stated === signed
}

/**
 * ustar has a prefix; star keeps times in its last bytes; GNU keeps times in all of it, but Go's writer once put a prefix
 * there, and Go's reader takes what is no time for one.
 */
function parsePrefix(block: Buffer): string {
  const magic = block.toString('latin1', 257, 265)
  if (magic === 'ustar  \0') {
    const prefix = parseText(block.subarray(345, 500))
    const areTimes = isNumber(block.subarray(345, 357)) && isNumber(block.subarray(357, 369))
    return areTimes || /[^\0-\x7f]/.test(prefix) ? '' : prefix
  }
  if (!magic.startsWith('ustar\0')) return ''
  const isStar = block.toString('latin1', 508, 512) === 'tar\0'
  return parseText(block.subarray(345, isStar ? 476 : 500))
}

export function parseText(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? field.length : end)
}

function parseNumber(field: Buffer): number {
  const value = (field[0] ?? 0) >= 0x80 ? parseBinary(field) : parseOctal(field)
  if (!Number.isSafeInteger(value)) throw invalidTar()
  return value
}

/** GNU's base-256: big-endian two's complement behind a marker bit. */
function parseBinary(field: Buffer): number {
  const isNegative = ((field[0] ?? 0) & 0x40) !== 0
  const bits = BigInt(field.length * 8 - 1)
  const value = BigInt(`0x${field.toString('hex')}`) & ((1n << bits) - 1n)
  return Number(isNegative ? value - (1n << bits) : value)
}

/** Octal digits among NULs and spaces; nothing at all is 0; NaN where it is no number. */
function parseOctal(field: Buffer): number {
  const text = field.toString('latin1').replace(/^[ \0]+|[ \0]+$/g, '')
  const digits = text.split('\0', 1)[0] ?? ''
  if (digits === '') return 0
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}
