import { posix } from 'node:path'
import { InvalidChart } from './chart-error.ts'
import { quoteGo } from './go-quote.ts'

/**
 * Where in the chart a member of the archive belongs: its name without the first segment, which need not be the chart's
 * name. The rules and their order are helm's (LoadArchiveFiles).
 * @throws {InvalidChart} with helm's texts
 */
export function memberPath(name: string): string {
  if (PLAIN.test(name) && !name.startsWith('Chart.yaml/')) return name.slice(name.indexOf('/') + 1)
  // Archives made on Windows.
  const delimiter = name.includes('\\') ? '\\' : '/'
  const [top, ...below] = name.split(delimiter)
  const path = below.join('/')
  if (path.startsWith('/')) throw new InvalidChart('chart illegally contains absolute paths')
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '')
  if (clean === '.') {
    throw new InvalidChart(
      `chart illegally contains content outside the base directory: ${quoteGo(name)}`,
    )
  }
  if (clean.startsWith('..')) throw new InvalidChart('chart illegally references parent directory')
  if (/^[a-zA-Z]:\//.test(clean)) throw new InvalidChart('chart contains illegally named files')
  if (top === 'Chart.yaml') throw new InvalidChart('chart yaml not in base directory')
  return clean
}

/** Most names: below the first segment none is empty, hidden or a drive. */
const PLAIN = /^[^/\\]+(?:\/[^/\\.:][^/\\:]*)+$/
