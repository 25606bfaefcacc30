/** Where programs ask that know no cookies: there only what brings a session's cookie is held to a CSRF token. */
export function isProgramPath(path: string): boolean {
  return /^\/(?:api|chartrepo|service|v2)\//.test(path)
}
