import type { SemVer } from 'semver'
import { parseVersion, type Version } from './version.ts'

/** One comparison, such as `>=1.2`. */
interface Comparison {
  operator: string
  version: SemVer
  /** What was left open, by leaving it out or by x, X or `*`. */
  open: 'nothing' | 'patch' | 'minor' | 'major'
}

const IDENTIFIERS = String.raw`[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`
const PART = '[0-9xX*]+'
const VERSION = String.raw`v?(${PART})(\.${PART})?(\.${PART})?(-${IDENTIFIERS})?(\+${IDENTIFIERS})?`
const SPACE = String.raw`[\t\n\f\r ]`
const RANGE = new RegExp(`(${VERSION})${SPACE}+-${SPACE}+(${VERSION})`, 'g')
const COMPARISON = new RegExp(`(=>|=<|=|!=|>=|<=|>|<|~>|~|\\^|)${SPACE}*(${VERSION})`, 'y')
const SEPARATOR = new RegExp(`${SPACE}*,${SPACE}*|${SPACE}+`, 'y')
/** MaxConstraintLen and MaxConstraintGroups of Masterminds/semver 3.5. */
const MAX_LENGTH = 512
const MAX_GROUPS = 32

/**
 * A constraint with the meaning that it has for helm (Masterminds/semver v3): comma and space are AND, `||` is OR,
 * prereleases match only where their group of comparisons names one. The empty text and `latest` are `*`.
 * @throws {Error} `improper constraint: <text>`
 */
export function parseConstraint(text: string): (version: Version) => boolean {
  const improper = () => new Error(`improper constraint: ${text}`)
  const wanted = text === '' || text === 'latest' ? '*' : text
  if (wanted.length > MAX_LENGTH) throw improper()
  const groups = rewriteRanges(wanted).split('||').map(parseGroup)
  if (groups.length > MAX_GROUPS) throw improper()
  const checks = groups.map((group) => {
    if (group === undefined) throw improper()
    return createCheck(group)
  })
  return ({ semver }) => checks.some((check) => check(semver))
}

/** `1.2 - 1.4` is `>= 1.2, <= 1.4`. */
function rewriteRanges(text: string): string {
  return text.replace(RANGE, (...[, from, , , , , , to]: string[]) => `>= ${from}, <= ${to} `)
}

/** Walked by hand: one regular expression for the whole list would backtrack without end on hostile input. */
function parseGroup(text: string): Comparison[] | undefined {
  const trimmed = text.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '')
  const comparisons: Comparison[] = []
  let position = 0
  do {
    if (comparisons.length > 0) {
      SEPARATOR.lastIndex = position
      if (!SEPARATOR.test(trimmed)) return undefined
      position = SEPARATOR.lastIndex
    }
    COMPARISON.lastIndex = position
    const match = COMPARISON.exec(trimmed)
    const comparison = match === null ? undefined : toComparison(match)
    if (comparison === undefined) return undefined
    comparisons.push(comparison)
    position = COMPARISON.lastIndex
  } while (position < trimmed.length)
  return comparisons
}

function toComparison(match: RegExpExecArray): Comparison | undefined {
  const [, operator = '', text = '', major = '', minor = '', patch = '', prerelease = ''] = match
  const open = openPart(major, minor, patch)
  const core = {
    nothing: undefined,
    major: '0.0.0',
    minor: `${major}.0.0`,
    patch: `${major}${minor}.0`,
  }
  const full = core[open]
  const version = parseVersion(full === undefined ? text : full + prerelease)
  return version && { operator, version: version.semver, open }
}

function openPart(major: string, minor: string, patch: string): Comparison['open'] {
  if (isOpen(major)) return 'major'
  if (isOpen(minor)) return 'minor'
  return isOpen(patch) ? 'patch' : 'nothing'
}

function isOpen(part: string): boolean {
  return /^\.?[xX*]?$/.test(part)
}

function createCheck(group: readonly Comparison[]): (version: SemVer) => boolean {
  const allowsPrerelease = group.some(({ version }) => version.prerelease.length > 0)
  return (version) =>
    (allowsPrerelease || version.prerelease.length === 0) &&
    group.every((comparison) => satisfies(version, comparison))
}

/** The cases of constraints.go, with its oddities. */
function satisfies(version: SemVer, comparison: Comparison): boolean {
  const { operator, version: bound, open } = comparison
  switch (operator) {
    case '!=':
      return !isEqual(version, comparison)
    case '>':
      return isGreater(version, comparison)
    case '<':
      return version.compare(bound) < 0
    case '>=':
    case '=>':
      return version.compare(bound) >= 0
    case '<=':
    case '=<':
      return isAtMost(version, comparison)
    case '^':
      return isCompatible(version, comparison)
    case '~':
    case '~>':
      return isClose(version, comparison)
    default:
      return open === 'nothing' ? version.compare(bound) === 0 : isClose(version, comparison)
  }
}

function isEqual(version: SemVer, { version: bound, open }: Comparison): boolean {
  if (open === 'nothing' || open === 'major') return version.compare(bound) === 0
  if (version.major !== bound.major) return false
  if (open === 'minor') return true
  return version.minor === bound.minor && version.comparePre(bound) === 0
}

function isGreater(version: SemVer, { version: bound, open }: Comparison): boolean {
  if (open === 'nothing') return version.compare(bound) > 0
  if (version.major !== bound.major) return version.major > bound.major
  if (open === 'minor') return false
  return open === 'patch' ? version.minor > bound.minor : version.compare(bound) > 0
}

function isAtMost(version: SemVer, { version: bound, open }: Comparison): boolean {
  if (open === 'nothing') return version.compare(bound) <= 0
  if (version.major !== bound.major) return version.major < bound.major
  return open === 'minor' || version.minor <= bound.minor
}

/** `~1.2.3` is >=1.2.3 <1.3.0, `~1` is 1.x, and `~0.0.0`, like `*`, is everything. */
function isClose(version: SemVer, { version: bound, open }: Comparison): boolean {
  if (version.compare(bound) < 0) return false
  const isZero = bound.major === 0 && bound.minor === 0 && bound.patch === 0
  if (isZero && (open === 'nothing' || open === 'major')) return true
  return version.major === bound.major && (open === 'minor' || version.minor === bound.minor)
}

/** `^1.2.3` is >=1.2.3 <2.0.0; below 1.0.0 the first number that is not 0 must stay; `^*` is 0.0.0 only, as in helm. */
function isCompatible(version: SemVer, { version: bound, open }: Comparison): boolean {
  if (version.compare(bound) < 0 || version.major !== bound.major) return false
  if (bound.major > 0 || open === 'minor') return true
  if (version.minor !== bound.minor) return false
  return bound.minor > 0 || open === 'patch' || version.patch === bound.patch
}
