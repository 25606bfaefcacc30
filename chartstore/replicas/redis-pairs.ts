/** Redis answers a hash, and what an entry of a stream holds, as one list: name, value, name, value. */
export function toFields(list: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>()
  for (let i = 0; i + 1 < list.length; i += 2) fields.set(list[i] ?? '', list[i + 1] ?? '')
  return fields
}
