import SemVer from 'semver/classes/semver.js'

/** A version as Masterminds/semver v3 reads it, parsed once: comparing needs no parsing. */
export interface Version {
  /** As it was written: `v1.2`. */
  readonly text: string
  /** The same in full: 1.2.0. */
  readonly semver: SemVer
}

const IDENTIFIERS = String.raw`[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`
const LOOSE = new RegExp(
  String.raw`^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-(${IDENTIFIERS}))?(?:\+(${IDENTIFIERS}))?$`,
)
/** MaxVersionLen of Masterminds/semver 3.5; npm's semver has the same limit. */
const MAX_LENGTH = 256

/**
 * `NewVersion` of Masterminds/semver 3.4 and later: an optional `v`, one to three numbers that may have leading zeros,
 * then prerelease and build as SemVer 2 has them. Numbers end at 2^53-1 here, at 2^64-1 there.
 */
export function parseVersion(text: string): Version | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const match = LOOSE.exec(text)
  if (match === null) return undefined
  const [, major, minor = '0', patch = '0', prerelease, build] = match
  const core = [major, minor, patch].map(Number)
  if (!core.every(Number.isSafeInteger)) return undefined
  const suffix = (prerelease ? `-${prerelease}` : '') + (build ? `+${build}` : '')
  try {
    return { text, semver: new SemVer(core.join('.') + suffix) }
  } catch {
    // A numeric prerelease identifier with a leading zero.
    return undefined
  }
}

/**
 * For sorting the newest first, what is no version last. Versions of equal precedence come in the order of their build
 * metadata, then of their text, so that every replica sorts alike; helm leaves that order open.
 */
export function compareVersions(a: Version | undefined, b: Version | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return b.semver.compare(a.semver) || b.semver.compareBuild(a.semver) || compareText(a, b)
}

function compareText(a: Version, b: Version): number {
  if (a.text === b.text) return 0
  return a.text < b.text ? -1 : 1
}
