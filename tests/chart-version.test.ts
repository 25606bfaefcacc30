import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConstraint } from '../chartstore/chart/constraint.ts'
import { compareVersions, parseVersion, type Version } from '../chartstore/chart/version.ts'

function version(text: string): Version {
  const parsed = parseVersion(text)
  assert.ok(parsed, text)
  return parsed
}

test('a version has one to three numbers, a v if it likes, and leading zeros', () => {
  const full: Record<string, string> = {
    '1': '1.0.0',
    v2: '2.0.0',
    '1.2': '1.2.0',
    'v1.2.3': '1.2.3',
    '01.2.3': '1.2.3',
    '1-alpha': '1.0.0-alpha',
    '1.0.0+build.5': '1.0.0',
    '9007199254740991.0.0': '9007199254740991.0.0',
  }
  for (const [text, expected] of Object.entries(full)) {
    assert.equal(version(text).semver.version, expected)
    assert.equal(version(text).text, text)
  }
})

test('what Masterminds/semver refuses is no version', () => {
  const texts = [
    '',
    'v',
    'V1.0.0',
    '1.2.3.4',
    '1.2.3-01',
    '1.0.0-rc_1',
    '1.0.0 ',
    ' 1.0.0',
    '1.é.0',
    '1..2',
  ]
  const more = ['1.2.3-', '1.2.3+', '1.2.3-a..b', 'notsemver', '1.0.0\n', '9007199254740992.0.0']
  for (const text of [...texts, ...more, `1.0.0-${'a'.repeat(256)}`]) {
    assert.equal(parseVersion(text), undefined, JSON.stringify(text))
  }
})

test('versions sort with the newest first and what is no version last', () => {
  const sorted = [
    '1.10.0',
    '1.2.0',
    '1.0.0',
    '1.0.0-rc.10',
    '1.0.0-rc.2',
    '1.0.0-rc',
    '0.9',
    'nonsense',
  ]
  const shuffled = [...sorted].reverse().map((text) => ({ text, version: parseVersion(text) }))
  shuffled.sort((a, b) => compareVersions(a.version, b.version))
  assert.deepEqual(
    shuffled.map(({ text }) => text),
    sorted,
  )
})

test('versions of equal precedence sort alike whatever order they came in', () => {
  const texts = ['1.0.0+b.2', '1.0.0+b.10', '1.0.0', 'v1.0.0', '1.0', '1.0.0+a']
  const sort = (list: string[]) =>
    list
      .map(version)
      .sort(compareVersions)
      .map(({ text }) => text)
  assert.deepEqual(sort([...texts].reverse()), sort(texts))
  assert.equal(sort(texts)[0], '1.0.0+b.10')
})

const MATCHES: [constraint: string, matching: string, others: string][] = [
  ['', '0.1.0 1.0.0 99.0.0', '1.0.0-rc.1'],
  ['latest', '0.1.0 1.0.0', '1.0.0-rc.1'],
  ['*', '0.1.0 1.0.0', '1.0.0-rc.1'],
  ['1', '1.0.0 1.9.9', '2.0.0 0.9.0'],
  ['0.1', '0.1.0 0.1.9', '0.2.0'],
  ['1.x', '1.0.0 1.9.9', '2.0.0'],
  ['1.2.X', '1.2.0', '1.3.0'],
  ['1.2.3', '1.2.3 v1.2.3 1.2.3+b', '1.2.4 1.2.3-rc'],
  ['=1.2.3', '1.2.3', '1.2.4'],
  ['1.0.0+zz', '1.0.0', '1.0.1'],
  ['!=1.2.3', '1.2.4 0.1.0', '1.2.3'],
  ['!=1.2', '1.3.0', '1.2.0 1.2.9'],
  ['>1', '2.0.0', '1.9.9'],
  ['>1.2', '1.3.0', '1.2.9'],
  ['>=1.2, <2', '1.2.0 1.9.0', '1.1.0 2.0.0'],
  ['>=1.2 <2', '1.2.0', '2.0.0'],
  ['=> 1.2 , =< 1.4', '1.2.0 1.4.0', '1.1.9 1.5.0'],
  ['<=1', '1.9.9 0.1.0', '2.0.0'],
  ['<1', '0.9.0', '1.0.0'],
  ['^1.2.3', '1.2.3 1.9.0', '1.2.2 2.0.0'],
  ['^0.2.3', '0.2.9', '0.3.0 0.2.2'],
  ['^0.0.3', '0.0.3', '0.0.4'],
  ['^0', '0.9.0', '1.0.0'],
  ['~1.2.3', '1.2.9', '1.3.0 1.2.2'],
  ['~>1', '1.9.0', '2.0.0'],
  ['1.2 - 1.4', '1.2.0 1.4.0 1.4.9', '1.5.0 1.1.0'],
  ['^1 || ~3.1', '1.5.0 3.1.4', '2.0.0 3.2.0'],
  ['>=1.0.0-0', '1.0.0-rc.1 1.0.0 2.0.0-a', '0.9.0'],
  ['^1.2.3-alpha', '1.2.3-beta 1.5.0-rc 1.5.0', '1.2.2 2.0.0'],
  ['>=1 || 2.0.0-rc', '2.0.0-rc', '3.0.0-rc'],
]

for (const [constraint, matching, others] of MATCHES) {
  test(`the constraint "${constraint}" takes ${matching} and leaves ${others}`, () => {
    const matches = parseConstraint(constraint)
    for (const text of matching.split(' ')) assert.equal(matches(version(text)), true, text)
    for (const text of others.split(' ')) assert.equal(matches(version(text)), false, text)
  })
}

test('what is no constraint is named in the error', () => {
  const texts = ['not-semver', '1.2.3.4', '>', '1 ||', ', 1', '1,', '==1', '1.2.3-01', '!1', ' ']
  for (const text of [...texts, '1 '.repeat(300), Array(33).fill('1').join('||')]) {
    assert.throws(() => parseConstraint(text), { message: `improper constraint: ${text}` })
  }
})

test('a hostile constraint is answered without backtracking', () => {
  // One regular expression over the whole list would not come back from these.
  for (const text of [`${'1  '.repeat(170)}!`, `${' '.repeat(511)}!`, `${'1 - '.repeat(127)}!`]) {
    assert.throws(() => parseConstraint(text), /improper constraint/)
  }
})
