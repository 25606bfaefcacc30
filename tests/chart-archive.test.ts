import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  type ArchiveLimits,
  DEFAULT_LIMITS,
  readChartArchive,
  readWholeArchive,
} from '../chartstore/chart/archive.ts'
import { InvalidChart } from '../chartstore/chart/chart-error.ts'
import type { ChartMetadata } from '../chartstore/chart/chart-metadata.ts'
import { type ArchiveEntry, buildArchive, buildChart, buildTar } from './support/chart-package.ts'

const MIB = 1024 * 1024
const CHART = 'apiVersion: v2\nname: foo\nversion: 1.0.0\n'

/** In pieces of an odd size, so that no header comes whole by chance. */
async function* inPieces(content: Buffer, size = 701): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += size) {
    yield content.subarray(start, start + size)
  }
}

/** What comes of a package, in pieces and in one, which must be the same. */
async function read(content: Buffer, limits?: Partial<ArchiveLimits>): Promise<ChartMetadata> {
  const all = { ...DEFAULT_LIMITS, ...limits }
  const [streamed, whole] = await Promise.allSettled([
    readChartArchive(inPieces(content), all),
    readWholeArchive(content, all),
  ])
  assert.deepEqual(whole, streamed)
  if (streamed.status === 'rejected') throw streamed.reason
  return streamed.value.metadata
}

async function refusal(content: Buffer, limits?: Partial<ArchiveLimits>): Promise<string> {
  const error = await read(content, limits).then(
    () => assert.fail('accepted'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof InvalidChart, String(error))
  return error.message
}

/** A chart named foo with more members. */
function withMembers(...members: (ArchiveEntry | Buffer)[]): Buffer {
  return buildArchive([{ path: 'foo/Chart.yaml', content: CHART }, ...members])
}

const member = (path: string, content: Buffer | string = 'x'): ArchiveEntry => ({ path, content })
const ofChartYaml = (content: string) => buildArchive([member('foo/Chart.yaml', content)])
const subchart = (files: Record<string, string | Buffer> = {}) =>
  buildChart({ name: 'sub', version: '0.1.0', files })

test('a chart gives its metadata', async () => {
  const content = await buildChart({
    name: 'foo',
    version: '1.2.3',
    metadata: { appVersion: '4', keywords: ['a'] },
    files: { 'templates/pod.yaml': '{{ .Values }}', 'README.md': '# foo' },
  })
  assert.deepEqual(await read(content), {
    apiVersion: 'v2',
    name: 'foo',
    version: '1.2.3',
    appVersion: '4',
    keywords: ['a'],
  })
})

/** spec/chartmuseum.md 1.5, row by row. */
const TEXTS: [input: string, content: Buffer, text: string][] = [
  ['an empty body', Buffer.alloc(0), 'EOF'],
  ['no gzip', Buffer.from('this is no gzip file'), 'gzip: invalid header'],
  ['a cut package', withMembers().subarray(0, 60), 'unexpected EOF'],
  ['gzip of something short', gzipSync('no tar'), 'unexpected EOF'],
  ['gzip of something long', gzipSync('no tar '.repeat(200)), 'archive/tar: invalid tar header'],
  ['an empty tar', buildArchive([]), 'no files in chart archive'],
  ['a tar of nothing', gzipSync(''), 'no files in chart archive'],
  [
    'only a directory',
    buildArchive([{ path: 'foo/', type: 'Directory' }]),
    'no files in chart archive',
  ],
  [
    'no Chart.yaml',
    buildArchive([member('foo/values.yaml', 'a: b')]),
    'Chart.yaml file is missing',
  ],
  [
    'Chart.yaml at the root',
    buildArchive([member('Chart.yaml', CHART)]),
    'chart illegally contains content outside the base directory: "Chart.yaml"',
  ],
  [
    '../ in a member',
    withMembers(member('foo/../../evil')),
    'chart illegally references parent directory',
  ],
  [
    'an absolute member',
    withMembers(member('foo//etc/passwd')),
    'chart illegally contains absolute paths',
  ],
  ['a drive letter', withMembers(member('foo/c:/x')), 'chart contains illegally named files'],
  [
    'a folder named Chart.yaml',
    withMembers(member('Chart.yaml/x')),
    'chart yaml not in base directory',
  ],
  [
    'Chart.yaml that is no YAML',
    ofChartYaml('{{{'),
    'cannot load Chart.yaml: error converting YAML to JSON: yaml: line 1: did not find expected node content',
  ],
  [
    'Chart.yaml that is no UTF-8',
    buildArchive([member('foo/Chart.yaml', Buffer.from([0xff]))]),
    'cannot load Chart.yaml: error converting YAML to JSON: yaml: invalid leading UTF-8 octet',
  ],
  [
    'values.yaml that is a list',
    withMembers(member('foo/values.yaml', '- a')),
    'cannot load values.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
  ],
  [
    'values.yaml that is a word',
    withMembers(member('foo/values.yaml', 'abc')),
    'cannot load values.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type map[string]interface {}',
  ],
  ['no name', ofChartYaml('version: 1.0.0'), 'validation: chart.metadata.name is required'],
  ['no version', ofChartYaml('name: foo'), 'validation: chart.metadata.version is required'],
  [
    'a version that is none',
    ofChartYaml('name: foo\nversion: notsemver'),
    'validation: chart.metadata.version "notsemver" is invalid',
  ],
  [
    'the name ..',
    ofChartYaml('name: ..\nversion: 1.0.0'),
    'validation: chart.metadata.name ".." is not allowed',
  ],
  [
    'a name with a slash',
    ofChartYaml('name: a/b\nversion: 1.0.0'),
    'validation: chart.metadata.name "a/b" is invalid',
  ],
  [
    'an unknown type',
    ofChartYaml(`${CHART}type: plugin`),
    'validation: chart.metadata.type must be application or library',
  ],
  [
    'a dependency twice',
    ofChartYaml(`${CHART}dependencies: [{name: d}, {name: d}]`),
    'validation: more than one dependency with name or alias "d"',
  ],
  [
    'a null maintainer',
    ofChartYaml(`${CHART}maintainers: [null]`),
    'validation: maintainers must not contain empty or null nodes',
  ],
  [
    'a file over 5 MiB',
    withMembers({ path: 'foo/big.bin', content: 'x', size: 5 * MIB + 1 }),
    'decompressed chart file "foo/big.bin" is larger than the maximum file size 5242880',
  ],
  [
    'files over 100 MiB',
    withMembers({ path: 'foo/big.bin', content: 'x', size: 101 * MIB }),
    'decompressed chart is larger than the maximum file size 104857600',
  ],
  [
    'a broken Chart.lock',
    withMembers(member('foo/Chart.lock', '[a]')),
    'cannot load Chart.lock: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type chart.Lock',
  ],
  [
    'a Chart.lock without a time',
    withMembers(member('foo/Chart.lock', 'generated: 5')),
    'cannot load Chart.lock: error unmarshaling JSON: while decoding JSON: Time.UnmarshalJSON: input is not a JSON string',
  ],
  [
    'a broken requirements.yaml',
    withMembers(member('foo/requirements.yaml', 'dependencies: a')),
    'cannot load requirements.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field Metadata.dependencies of type []*chart.Dependency',
  ],
]

for (const [input, content, text] of TEXTS) {
  test(`${input} is refused with "${text.slice(0, 60)}"`, async () => {
    assert.equal(await refusal(content), text)
  })
}

test('faults of the archive are told before those of its files, and Chart.yaml before values.yaml', async () => {
  const files = [member('foo/values.yaml', '- a'), member('foo/Chart.yaml', 'name: [')]
  assert.match(await refusal(buildArchive(files)), /^cannot load Chart\.yaml/)
  assert.equal(
    await refusal(buildArchive([...files, member('foo/../../x')])),
    'chart illegally references parent directory',
  )
})

test('the first segment of a path may be any, and Windows paths are paths', async () => {
  const paths = ['bar/Chart.yaml', 'foo\\Chart.yaml', 'foo/./Chart.yaml', 'foo/a/../Chart.yaml']
  for (const path of paths) {
    assert.equal((await read(buildArchive([member(path, CHART)]))).name, 'foo', path)
  }
  for (const path of ['./foo/Chart.yaml', '/foo/Chart.yaml']) {
    assert.equal(await refusal(buildArchive([member(path, CHART)])), 'Chart.yaml file is missing')
  }
  assert.equal(
    await refusal(withMembers(member('foo\\..\\..\\x'))),
    'chart illegally references parent directory',
  )
})

test('a byte order mark is no part of a file', async () => {
  assert.equal((await read(ofChartYaml(`\ufeff${CHART}`))).name, 'foo')
  await read(withMembers(member('foo/values.yaml', '\ufeffa: b')))
})

test('values.yaml may be empty, say a key twice, or go on in a second document', async () => {
  for (const values of ['', '# nothing', 'null', 'a: 1\na: 2', 'a: 1\n---\n]']) {
    await read(withMembers(member('foo/values.yaml', values)))
  }
})

test('a large values.yaml is parsed in a worker, so that no other request waits for it', async (t) => {
  let workers = 0
  const count = () => {
    workers += 1
  }
  process.on('worker', count)
  t.after(() => process.off('worker', count))
  const values = Array.from({ length: 10_000 }, (_, key) => `key${key}: value ${key}\n`).join('')

  await read(withMembers(member('foo/values.yaml', 'a: 1')))
  assert.equal(workers, 0)
  await readChartArchive(inPieces(withMembers(member('foo/values.yaml', values))))
  assert.equal(workers, 1)
  await read(withMembers(member('foo/README.md'), member('foo/values.yaml', values)))
  assert.equal(workers, 1, 'what was parsed once, and is without fault, is known')
  assert.equal(
    await refusal(withMembers(member('foo/values.yaml', `${values}broken: [`))),
    'cannot load values.yaml: error converting YAML to JSON: yaml: line 10001: did not find expected node content',
  )
  assert.equal(workers, 3, 'a package that is read in two ways')
})

test('others go on while a package with much YAML is read', async () => {
  const values = Array.from({ length: 2500 }, (_, key) => `key${key}: v\n`).join('')
  const members = Array.from({ length: 20 }, (_, i) =>
    member(`foo/charts/c${i}/values.yaml`, `${values}of: ${i}\n`),
  )
  const charts = Array.from({ length: 20 }, (_, i) =>
    member(`foo/charts/c${i}/Chart.yaml`, `name: c${i}\nversion: 1`),
  )
  let turns = 0
  let isOver = false
  const take = () => {
    turns += 1
    if (!isOver) setImmediate(take)
  }
  take()
  await readWholeArchive(withMembers(...members, ...charts), DEFAULT_LIMITS)
  isOver = true
  assert.ok(turns >= 5, `${turns} turns`)
})

test('a v1 chart has the dependencies of its requirements.yaml', async () => {
  const content = buildArchive([
    member(
      'foo/requirements.yaml',
      'dependencies:\n- name: d\n  version: 1.10\n  repository: http://x',
    ),
    member('foo/Chart.yaml', 'name: foo\nversion: 1.0.0'),
    member('foo/requirements.lock', 'generated: 2020-01-01T10:00:00.5+02:00\ndigest: sha256:aa\n'),
  ])
  assert.deepEqual(await read(content), {
    apiVersion: 'v1',
    name: 'foo',
    version: '1.0.0',
    dependencies: [{ name: 'd', version: '1.1', repository: 'http://x' }],
  })
})

test('sub-charts are loaded too, as folders and as archives', async () => {
  await read(withMembers(member('foo/charts/sub-0.1.0.tgz', await subchart())))
  await read(withMembers(member('foo/charts/sub/Chart.yaml', 'name: sub\nversion: 1')))
  const deep = await subchart({ 'charts/deeper.tgz': await subchart() })
  await read(withMembers(member('foo/charts/sub.tgz', deep)))
})

const BROKEN_SUBCHARTS: [what: string, members: ArchiveEntry[], text: string][] = [
  [
    'an archive that is none',
    [member('foo/charts/sub.tgz', 'no archive at all')],
    'error unpacking subchart sub.tgz in foo: gzip: invalid header',
  ],
  [
    'an empty archive',
    [member('foo/charts/sub.tgz', '')],
    'error unpacking subchart sub.tgz in foo: EOF',
  ],
  [
    'a folder without Chart.yaml',
    [member('foo/charts/sub/values.yaml', 'a: b')],
    'error unpacking subchart sub in foo: Chart.yaml file is missing',
  ],
  [
    'a stray file',
    [member('foo/charts/README.md')],
    'error unpacking subchart README.md in foo: Chart.yaml file is missing',
  ],
  [
    'a folder that is named like an archive',
    [member('foo/charts/sub.tgz/Chart.yaml', CHART)],
    'error unpacking subchart tar in foo: expected sub.tgz, got sub.tgz/Chart.yaml',
  ],
  [
    'a fault two levels down',
    [
      member('foo/charts/a/Chart.yaml', 'name: a\nversion: 1'),
      member('foo/charts/a/charts/b/Chart.yaml', 'name: b'),
    ],
    'error unpacking subchart a in foo: error unpacking subchart b in a: validation: chart.metadata.version is required',
  ],
]

for (const [what, members, text] of BROKEN_SUBCHARTS) {
  test(`${what} in charts/ is refused`, async () => {
    assert.equal(await refusal(withMembers(...members)), text)
  })
}

test('what helm ignores in charts/ is ignored', async () => {
  const ignored = [
    '_sub/values.yaml',
    '.gitkeep',
    '.sub.tgz',
    '_sub.tgz',
    'sub.tgz.prov',
    'sub/x.prov',
  ]
  for (const path of ignored) await read(withMembers(member(`foo/charts/${path}`, '[')))
  await read(withMembers(member('foo/templates/charts/x/y')))
  const twice = [member('foo/charts/a.tgz', await subchart()), member('foo/charts/a.tgz', 'junk')]
  await read(withMembers(...twice))
})

test('sub-charts may not be nested without end', async () => {
  const path = `foo/${'charts/a/'.repeat(17)}Chart.yaml`
  assert.equal(
    await refusal(withMembers(member(path, CHART))),
    'sub-charts are nested more than 16 levels deep',
  )
  let nested = await subchart()
  for (let level = 0; level < 17; level += 1) nested = await subchart({ 'charts/a.tgz': nested })
  assert.match(await refusal(nested), /sub-charts are nested more than 16 levels deep$/)
})

test('a package that is cut short anywhere is refused', async () => {
  const files = { 'templates/a.yaml': randomBytes(3000).toString('hex'), 'README.md': 'foo' }
  const content = await buildChart({ name: 'foo', version: '1.0.0', files })
  const cuts = Array.from({ length: 19 }, (_, part) =>
    Math.floor((content.length * (part + 1)) / 20),
  )
  for (const length of [
    ...cuts,
    1,
    9,
    17,
    content.length - 9,
    content.length - 8,
    content.length - 1,
  ]) {
    assert.equal(await refusal(content.subarray(0, length)), 'unexpected EOF', `${length} bytes`)
  }
})

test('a package with a flipped bit is refused', async () => {
  const content = Buffer.from(withMembers(member('foo/data', randomBytes(4000))))
  const middle = Math.floor(content.length / 2)
  content[middle] = (content[middle] ?? 0) ^ 1
  // what it hits is random: a byte, the length of a stretch, or what ends one, so that a header comes where none is
  const reasons = /^(gzip: invalid checksum|flate: corrupt input|archive\/tar: invalid tar header)/
  assert.match(await refusal(content), reasons)
})

test('what follows a whole package does not matter, and several gzip members are one', async () => {
  const content = withMembers()
  for (const tail of [
    Buffer.from('garbage behind it'),
    Buffer.from('abc'),
    Buffer.alloc(512),
    gzipSync('x'),
  ]) {
    assert.equal((await read(Buffer.concat([content, tail]))).name, 'foo')
  }
  const tar = buildTar([member('foo/Chart.yaml', CHART)])
  const members = [gzipSync(tar.subarray(0, 600)), gzipSync(tar.subarray(600))]
  assert.equal((await read(Buffer.concat(members))).name, 'foo')
})

test('5 MiB are allowed for a file, one byte more is not', async () => {
  const content = randomBytes(5 * MIB + 1)
  await read(withMembers(member('foo/data', content.subarray(1))))
  assert.match(
    await refusal(withMembers(member('foo/data', content))),
    /larger than the maximum file size 5242880$/,
  )
})

test('the limits hold', async () => {
  const chart = withMembers(member('foo/a', randomBytes(2000)), member('foo/b', randomBytes(2000)))
  const rows: [limits: Partial<ArchiveLimits>, text: RegExp][] = [
    [{ expandedBytes: 3000 }, /^decompressed chart is larger than the maximum file size 3000$/],
    [
      { fileBytes: 1999 },
      /^decompressed chart file "foo\/a" is larger than the maximum file size 1999$/,
    ],
    [{ entries: 2 }, /^chart archive has more than 2 entries$/],
    [
      { chartYamlBytes: 10 },
      /^decompressed chart file "foo\/Chart.yaml" is larger than the maximum file size 10$/,
    ],
  ]
  for (const [limits, text] of rows) assert.match(await refusal(chart, limits), text)
  const nested = withMembers(member('foo/charts/sub.tgz', await subchart()))
  assert.match(
    await refusal(nested, { nestedExpandedBytes: 1000 }),
    /subchart sub\.tgz in foo: sub-charts are larger than 1000 bytes when decompressed$/,
  )
  await read(chart, {
    expandedBytes: 5000,
    fileBytes: 2000,
    entries: 3,
    chartYamlBytes: CHART.length,
  })
})

/** Gives the same piece for ever, and counts how often. */
function endless(
  start: Buffer,
  piece: Buffer,
): { source: AsyncIterable<Buffer>; count: () => number } {
  let count = 0
  const source = (async function* () {
    yield start
    for (;;) {
      count += 1
      yield piece
    }
  })()
  return { source, count: () => count }
}

test('a bomb is stopped after a few MiB', async () => {
  const bomb = gzipSync(Buffer.alloc(200 * MIB))
  let given = 0
  const source = (async function* () {
    for await (const piece of inPieces(bomb, 1000)) {
      given += piece.length
      yield piece
    }
  })()
  const zeros = buildTar([{ path: 'foo/zeros', size: 5 * MIB, content: Buffer.alloc(5 * MIB) }])
  const tarBomb = gzipSync(Buffer.concat(Array(20).fill(zeros.subarray(0, -1024))))
  await assert.rejects(readChartArchive(inPieces(tarBomb)), /expands more than 200 times/)
  // Zeros alone are the end of a tar: what comes behind is expanded for its checksum, up to the limit.
  await assert.rejects(readChartArchive(source), /expands more than 200 times/)
  assert.ok(given < bomb.length / 10, `${given} of ${bomb.length} bytes`)
})

test('after a failure nothing more is asked of the source, which can be drained by its owner', async () => {
  const { source, count } = endless(Buffer.from('no gzip at all'), Buffer.alloc(1000))
  const bytes = source[Symbol.asyncIterator]()
  const shared = { [Symbol.asyncIterator]: () => bytes }
  await assert.rejects(readChartArchive(shared), /gzip: invalid header/)
  const asked = count()
  assert.equal((await bytes.next()).done, false)
  assert.equal(count(), asked + 1)
})

test('a source is read to its end on success, and its own errors come through', async () => {
  let given = 0
  const content = Buffer.concat([withMembers(), Buffer.from('tail '.repeat(1000))])
  const source = (async function* () {
    for await (const piece of inPieces(content)) {
      given += piece.length
      yield piece
    }
  })()
  await readChartArchive(source)
  assert.equal(given, content.length)

  const cut = new Error('connection reset')
  const broken = (async function* () {
    yield content.subarray(0, 50)
    throw cut
  })()
  await assert.rejects(readChartArchive(broken), (error) => error === cut)
})
