/**
 * An object's time as ChartMuseum had it of Swift, so that `created` stays: the next full second (Swift's own
 * Last-Modified). Below it listings tell of millionths (Swift) or thousandths (RGW), and objects of hundred-thousandths: they
 * agree in thousandths.
 */
function toNextSecond(seconds: number, fraction: string): bigint {
  const isWhole = /^0*$/.test(fraction.slice(0, 3))
  return BigInt(seconds + (isWhole ? 0 : 1)) * 1_000_000_000n
}

/** Of `X-Timestamp`: `1795529075.20347`. */
export function objectTime(timestamp: string): bigint {
  const [, seconds = '0', fraction = ''] = /^(\d+)(?:\.(\d+))?/.exec(timestamp) ?? []
  return toNextSecond(Number(seconds), fraction)
}

/** Of a listing: `2026-11-24T14:04:35.203470`, with or without a `Z`; UTC in any case. */
export function listedTime(modified: string): bigint {
  const [, date = '', fraction = ''] = /^([^.Z]*)(?:\.(\d+))?Z?$/.exec(modified) ?? []
  return toNextSecond((Date.parse(`${date}Z`) || 0) / 1000, fraction)
}
