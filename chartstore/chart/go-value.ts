/**
 * A YAML or JSON value as Go's decoders hold it: integers (bigint) and floating point numbers (number) apart, because
 * they are written differently where a string is wanted. Maps have no prototype.
 */
export type GoValue = null | boolean | string | bigint | number | GoValue[] | GoMap

export interface GoMap {
  [key: string]: GoValue
}

/**
 * An empty map. V8 keeps a table for each object without a prototype, and one shape for all maps of the same keys: that costs less,
 * but not where every map has its own keys, as a large document can have it.
 * @param length of the text that it is made of
 */
export function createGoMap(length: number): GoMap {
  return length <= SMALL_LENGTH ? new EmptyMap() : Object.create(null)
}

const SMALL_LENGTH = 64 * 1024

/** Without members that it would inherit. */
class EmptyMap {
  [key: string]: GoValue
}
Object.setPrototypeOf(EmptyMap.prototype, null)
Reflect.deleteProperty(EmptyMap.prototype, 'constructor')

export function isGoMap(value: unknown): value is GoMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a scalar becomes in a string field (sigs.k8s.io/yaml): `1.10` is "1.1", `1e6` is "1e+06", yes is "true". */
export function formatScalar(value: bigint | boolean | number): string {
  return typeof value === 'number' ? formatFloat(value) : String(value)
}

/**
 * `strconv.FormatFloat(value, 'g', -1, 32)`: the fewest digits that name the same 32-bit number (32 is what
 * sigs.k8s.io/yaml asks for), with an exponent from 1e+06 up and from 1e-05 down.
 */
function formatFloat(value: number): string {
  const single = Math.fround(value)
  if (Number.isNaN(single)) return 'NaN'
  if (!Number.isFinite(single)) return single > 0 ? '+Inf' : '-Inf'
  if (single === 0) return Object.is(single, -0) ? '-0' : '0'
  let digits = 1
  while (Math.fround(Number(single.toExponential(digits - 1))) !== single) digits += 1
  const [mantissa = '', power = '0'] = single.toExponential(digits - 1).split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return String(Number(single.toPrecision(digits)))
  const sign = exponent < 0 ? '-' : '+'
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/**
 * The value with plain numbers, as JSON has them.
 * @throws {Error} where it holds an infinity or NaN, which JSON has not, with the text of sigs.k8s.io/yaml
 */
export function toJson(value: GoValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(`error converting YAML to JSON: json: unsupported value: ${formatFloat(value)}`)
  }
  if (Array.isArray(value)) return value.map(toJson)
  if (!isGoMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member)]))
}
