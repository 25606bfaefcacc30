import { join } from 'node:path'

/**
 * The tree on disk. Projects are ChartMuseum's own layout, so that one may come from it and go back:
 *
 *     <root>/<project>/<name>-<version>.tgz
 *     <root>/<project>/<name>-<version>.tgz.prov
 *     <root>/<project>/index-cache.yaml
 *     <root>/.chartgate/spool/<owner>.<n>         uploads on their way in
 *     <root>/.chartgate/journal/<owner>.<n>.json  publications of several files, begun and not yet finished
 *
 * Project and file names come from the router, which refuses `.`, `..`, separators and control characters; they are
 * held against that rule once more here, since a path is built from them.
 */
export interface LocalPaths {
  root: string
  spool: string
  journal: string
  project: (project: string) => string
  file: (project: string, fileName: string) => string
}

export function createLocalPaths(root: string): LocalPaths {
  const own = join(root, '.chartgate')
  const project = (name: string) => join(root, checkSegment(name))
  return {
    root,
    spool: join(own, 'spool'),
    journal: join(own, 'journal'),
    project,
    file: (name, fileName) => join(project(name), checkSegment(fileName)),
  }
}

function checkSegment(segment: string): string {
  if (!isSafeSegment(segment)) throw new TypeError(`not a file name: ${JSON.stringify(segment)}`)
  return segment
}

/** Whether a name is one plain path segment; leading dots are kept for the store's own files. */
export function isSafeSegment(segment: string): boolean {
  return /^[^./\p{Cc}][^/\p{Cc}]*$/u.test(segment) && segment.isWellFormed()
}
