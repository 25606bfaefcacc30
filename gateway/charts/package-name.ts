import valid from 'semver/functions/valid.js'

export interface PackageName {
  chart: string
  version: string
}

/**
 * The chart and version in a package's file name, `<chart>-<version>.tgz`. The name alone does not tell (`a-1-2.0.0`):
 * the longest tail that is a full semantic version wins; without one, as in Harbor, the version begins after the last
 * dash before a digit (spec/harbor.md 1.9). undefined where there is no such dash.
 */
export function parsePackageName(fileName: string): PackageName | undefined {
  const stem = fileName.replace(/\.tgz$/, '')
  const dashes = [...stem.matchAll(/-(?=v?\d)/g)].map((match) => match.index).filter((at) => at > 0)
  const split = (at: number): PackageName => ({
    chart: stem.slice(0, at),
    version: stem.slice(at + 1),
  })
  const full = dashes.find((at) => valid(stem.slice(at + 1)) !== null)
  const last = dashes.at(-1)
  if (full !== undefined) return split(full)
  return last === undefined ? undefined : split(last)
}
