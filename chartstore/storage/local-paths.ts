import { join } from 'node:path'
import { checkSegment } from './path-segment.ts'

/**
 * The tree on disk. Projects are ChartMuseum's own layout, so that one may come from it and go back:
 *
 *     <root>/<project>/<name>-<version>.tgz
 *     <root>/<project>/<name>-<version>.tgz.prov
 *     <root>/<project>/index-cache.yaml
 *     <root>/.chartgate/spool/<owner>.<n>         uploads on their way in
 *     <root>/.chartgate/journal/<owner>.<n>.json  publications of several files, begun and not yet finished
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
  // one plain segment after the other: there is nothing to normalise
  const project = (name: string) => `${root}/${checkSegment(name)}`
  return {
    root,
    spool: join(own, 'spool'),
    journal: join(own, 'journal'),
    project,
    file: (name, fileName) => `${project(name)}/${checkSegment(fileName)}`,
  }
}
