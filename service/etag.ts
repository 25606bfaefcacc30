/** Whether an `If-None-Match` header names one of the ETags, compared as for GET: weak or not is the same (RFC 9110 13.1.2). */
export function matchesEtag(ifNoneMatch: string | undefined, ...etags: string[]): boolean {
  if (ifNoneMatch === undefined) return false
  // what nearly all send back: to take a list apart costs ten times as much
  if (etags.includes(ifNoneMatch)) return true
  if (ifNoneMatch.trim() === '*') return true
  const presented = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return presented.some((tag) => etags.includes(tag))
}

/** The ETag of what another one names, compressed. */
export function toGzipTag(etag: string): string {
  return `${etag.slice(0, -1)}-gzip"`
}
