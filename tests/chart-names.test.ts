import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidChart } from '../chartstore/chart/chart-error.ts'
import {
  checkFileName,
  isPackageFileName,
  isProvenanceFileName,
  packageFileName,
  provenanceFileName,
} from '../chartstore/chart/file-name.ts'
import { readProvenance } from '../chartstore/chart/provenance.ts'

test('a package and its provenance are named by chart and version', () => {
  assert.equal(packageFileName('etcd', '1.4.3+b'), 'etcd-1.4.3+b.tgz')
  assert.equal(provenanceFileName('etcd', '1.4.3+b'), 'etcd-1.4.3+b.tgz.prov')
  assert.equal(isPackageFileName('etcd-1.4.3.tgz'), true)
  assert.equal(isProvenanceFileName('etcd-1.4.3.tgz.prov'), true)
  for (const other of ['tgz', '.tgz', 'a.tgz.prov', 'index-cache.yaml', 'atgz']) {
    assert.equal(isPackageFileName(other), false, other)
  }
  for (const other of ['.tgz.prov', 'a.prov', 'a.tgz']) {
    assert.equal(isProvenanceFileName(other), false, other)
  }
})

test('a file name that leaves its folder or hides characters is improperly formatted', () => {
  const names = [
    '',
    '.',
    '..',
    'a/../b-1.0.0.tgz.prov',
    '/-1.tgz',
    '/',
    'a\0b.tgz',
    'a\nb.tgz',
    'a\u0085.tgz',
  ]
  for (const name of [...names, 'a\ud800.tgz']) {
    assert.throws(
      () => checkFileName(name),
      (error) =>
        error instanceof InvalidChart && error.message === `${name} is improperly formatted`,
      JSON.stringify(name),
    )
  }
  for (const name of ['a-1.0.0.tgz', 'b\\c-1.0.0.tgz', 'a b-1.tgz', 'é-1.tgz', '...-1.tgz']) {
    assert.doesNotThrow(() => checkFileName(name), name)
  }
})

test('a file name is short enough for its provenance to fit on disk', () => {
  const longest = packageFileName('a'.repeat(240), '1.0.0')
  assert.equal(Buffer.byteLength(`${longest}.prov`), 255)
  assert.doesNotThrow(() => checkFileName(longest))
  assert.doesNotThrow(() => checkFileName(`${longest}.prov`))
  for (const name of [
    `a${longest}`,
    `a${longest}.prov`,
    packageFileName('é'.repeat(121), '1.0.0'),
  ]) {
    assert.throws(() => checkFileName(name), {
      message: /is too long: name and version may have 245 bytes together/,
    })
  }
})

const DIGEST = 'c6841b3a895f1444a6738b5d04564a57e860ce42f8519c3be807fb6d9bee7888'

function provenance(
  chartYaml: string,
  sums = `files:\n  hashtest-1.2.3.tgz: sha256:${DIGEST}\n`,
): string {
  const signed = `${chartYaml}\n...\n${sums}`.replace(/^-/gm, '- -')
  return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${signed}-----BEGIN PGP SIGNATURE-----\n\nwsBcBAEB\n=6gdE\n-----END PGP SIGNATURE-----\n`
}

test('a provenance file tells name, version and the sums of its files', () => {
  const read = readProvenance(
    provenance('apiVersion: v1\ndescription: d\nname: hashtest\nversion: 1.2.3\n'),
  )
  assert.deepEqual(read, {
    name: 'hashtest',
    version: '1.2.3',
    files: new Map([['hashtest-1.2.3.tgz', DIGEST]]),
  })
})

test('name and version of a provenance file are read as helm reads Chart.yaml', () => {
  const rows: [yaml: string, version: string][] = [
    ['name: a\nversion: "1.2"', '1.2'],
    ["name: 'a'\nversion: 1.10", '1.1'],
    ['maintainers:\n- name: b\n  version: 9\nversion: v2\nname: a', 'v2'],
  ]
  for (const [yaml, version] of rows) {
    const { name, version: found } = readProvenance(provenance(yaml))
    assert.deepEqual([name, found], ['a', version])
  }
})

test('dash-escaped lines and CRLF are undone', () => {
  const escaped = provenance('name: a\nversion: 1.0.0\nkeywords:\n- b\n- c\n')
  assert.match(escaped, /^- - b$/m)
  assert.equal(readProvenance(escaped).version, '1.0.0')
  assert.equal(readProvenance(escaped.replaceAll('\n', '\r\n')).files.size, 1)
})

test('a provenance file without sums has no files', () => {
  assert.equal(readProvenance(provenance('name: a\nversion: 1.0.0', '')).files.size, 0)
  const foreign = 'files:\n  a.tgz: md5:abc\n  b.tgz: sha256:zz\n  c.tgz: 5\n'
  assert.equal(readProvenance(provenance('name: a\nversion: 1.0.0', foreign)).files.size, 0)
})

test('what is no provenance file is refused', () => {
  const whole = provenance('name: a\nversion: 1.0.0')
  const texts = [
    '',
    'junk',
    ` ${whole}`,
    whole.replace('BEGIN', 'END'),
    '-----BEGIN PGP SIGNED MESSAGE-----\n',
  ]
  const bodies = [
    'name: a',
    'version: 1',
    'name: [',
    '- name: a',
    'name:\nversion: 1',
    'name: {}\nversion: 1',
  ]
  for (const text of [
    ...texts,
    ...bodies.map((body) => provenance(body)),
    provenance('name: a\nversion: 1', 'files: ['),
  ]) {
    assert.throws(
      () => readProvenance(text),
      (error) => error instanceof InvalidChart && error.message === 'invalid provenance file',
      text,
    )
  }
})
