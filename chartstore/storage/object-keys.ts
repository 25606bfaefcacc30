import { checkSegment, isSafeSegment } from './path-segment.ts'

/**
 * The keys in a bucket, ChartMuseum's own, so that one may come from it and go back:
 *
 *     [<prefix>/]<project>/<name>-<version>.tgz
 *     [<prefix>/]<project>/<name>-<version>.tgz.prov
 *     [<prefix>/]<project>/index-cache.yaml
 *     [<prefix>/].chartgate/probe/<random>      for a moment, see exclusive-check.ts
 */
export interface ObjectKeys {
  /** What the keys of all files of a project begin with, and those of no other project: it ends in a slash. */
  project: (project: string) => string
  file: (project: string, fileName: string) => string
  /** The name of the file, or undefined where the key is none of that project's: a folder's mark, a name of our own. */
  fileName: (project: string, key: string) => string | undefined
  probe: (name: string) => string
}

export function createObjectKeys(prefix: string): ObjectKeys {
  const root = prefix === '' ? '' : `${prefix}/`
  const project = (name: string) => `${root}${checkSegment(name)}/`
  return {
    project,
    file: (name, fileName) => `${project(name)}${checkSegment(fileName)}`,
    fileName: (name, key) => {
      const start = project(name)
      const fileName = key.slice(start.length)
      return key.startsWith(start) && isSafeSegment(fileName) ? fileName : undefined
    },
    probe: (name) => `${root}.chartgate/probe/${name}`,
  }
}
