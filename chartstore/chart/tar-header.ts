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
    size: parseNumber(block, 124, 136),
    mode: parseNumber(block, 100, 108),
  }
}

/** uid, gid, mtime, device: nothing here needs them, but Go refuses a header where they are no numbers. */
function hasValidNumbers(block: Buffer): boolean {
  const hasDevice = block.toString('latin1', 257, 262) === 'ustar'
  const hasIds = isNumber(block, 108, 116) && isNumber(block, 116, 124)
  const isRest = !hasDevice || (isNumber(block, 329, 337) && isNumber(block, 337, 345))
  return hasIds && isNumber(block, 136, 148) && isRest
}

function isNumber(block: Buffer, start: number, end: number): boolean {
  return (block[start] ?? 0) >= 0x80 || !Number.isNaN(parseOctal(block, start, end))
}

/** The sum over the block with the checksum's own place as spaces, of unsigned bytes or (Sun's tar) of signed ones. */
function hasValidChecksum(block: Buffer): boolean {
  let unsigned = 8 * 0x20
  let negative = 0
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    const byte = block[index] ?? 0
    unsigned += byte
    negative += byte >> 7
  }
  for (let index = 148; index < 156; index += 1) {
    const byte = block[index] ?? 0
    unsigned -= byte
    negative -= byte >> 7
  }
  const stated = parseOctal(block, 148, 156)
  return stated === unsigned || stated === unsigned - 256 * negative
}

/**
 * ustar has a prefix; star keeps times in its last bytes; GNU keeps times in all of it, but Go's writer once put a prefix
 * there, and Go's reader takes what is no time for one.
 */
function parsePrefix(block: Buffer): string {
  const magic = block.toString('latin1', 257, 265)
  if (magic === 'ustar  \0') {
    const prefix = parseText(block.subarray(345, 500))
    const areTimes = isNumber(block, 345, 357) && isNumber(block, 357, 369)
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

function parseNumber(block: Buffer, start: number, end: number): number {
  const isBinary = (block[start] ?? 0) >= 0x80
  const value = isBinary ? parseBinary(block.subarray(start, end)) : parseOctal(block, start, end)
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

/** Octal digits among NULs and spaces, up to the next NUL; nothing at all is 0; NaN where it is no number. */
function parseOctal(block: Buffer, start: number, end: number): number {
  let first = start
  let last = end
  while (first < last && isBlank(block[first])) first += 1
  while (last > first && isBlank(block[last - 1])) last -= 1
  let value = 0
  for (let index = first; index < last && block[index] !== 0; index += 1) {
    const digit = (block[index] ?? 0) - ZERO
    if (digit < 0 || digit > 7) return Number.NaN
    value = value * 8 + digit
  }
  return value
}

const ZERO = 0x30

function isBlank(byte: number | undefined): boolean {
  return byte === 0 || byte === 0x20
}
