/**
 * Project and file names come from the router, which refuses `.`, `..`, separators and control characters; where a path
 * or a key is built from them they are held against that rule once more. Leading dots are kept for the store's own files.
 */
export function isSafeSegment(segment: string): boolean {
  return /^[^./\p{Cc}][^/\p{Cc}]*$/u.test(segment) && segment.isWellFormed()
}

/** @throws {TypeError} for a name that is not one plain path segment. */
export function checkSegment(segment: string): string {
  if (!isSafeSegment(segment)) throw new TypeError(`not a file name: ${JSON.stringify(segment)}`)
  return segment
}
