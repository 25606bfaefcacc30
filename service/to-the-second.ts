/** @param ms since 1970. @returns RFC 3339, rounded down. */
export function toTheSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
