/** Nanoseconds since 1970 as Go's RFC3339Nano in UTC: no trailing zeros in the fraction. */
export function formatNanoseconds(ns: bigint): string {
  const seconds = ns / 1_000_000_000n
  const fraction = String(ns % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return fraction === '' ? `${date}Z` : `${date}.${fraction}Z`
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
