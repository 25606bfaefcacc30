const SECOND = 1_000_000_000n
/** What RFC 3339 can say: the years 1 to 9999. A file system may say more, and one such time would break the whole index. */
const FIRST = -62_135_596_800n * SECOND
const LAST = 253_402_300_800n * SECOND - 1n

/** Nanoseconds since 1970 as Go's RFC3339Nano in UTC: no trailing zeros in the fraction. */
export function formatNanoseconds(ns: bigint): string {
  const time = ns < FIRST ? FIRST : ns > LAST ? LAST : ns
  const fraction = ((time % SECOND) + SECOND) % SECOND
  const seconds = (time - fraction) / SECOND
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  const digits = String(fraction).padStart(9, '0').replace(/0+$/, '')
  return digits === '' ? `${date}Z` : `${date}.${digits}Z`
}

/** The inverse, for any offset; undefined for what is no RFC 3339 time. */
export function parseNanoseconds(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (match === null) return undefined
  const [, date, fraction = '', offset] = match
  const milliseconds = Date.parse(`${date}${offset}`)
  if (Number.isNaN(milliseconds)) return undefined
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
