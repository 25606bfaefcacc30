import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Pax } from 'tar'
import { readChartArchive } from '../chartstore/chart/archive.ts'
import { type ArchiveEntry, buildArchive, buildTar, pad } from './support/chart-package.ts'

const CHART = 'apiVersion: v2\nname: foo\nversion: 1.0.0\n'
const EVIL = 'chart illegally references parent directory'
const BAD_HEADER = 'archive/tar: invalid tar header'

async function* once(content: Buffer): AsyncGenerator<Buffer> {
  yield content
}

/** The text of the refusal; undefined where the archive is taken. */
async function verdict(content: Buffer): Promise<string | undefined> {
  try {
    await readChartArchive(once(content))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const chartYaml: ArchiveEntry = { path: 'foo/Chart.yaml', content: CHART }
const tarball = (...entries: (ArchiveEntry | Buffer)[]) => buildArchive([chartYaml, ...entries])

/** The header of Chart.yaml, changed and given its right checksum again. */
function withHeader(change: (header: Buffer) => void): Buffer {
  const tar = buildTar([chartYaml])
  const header = tar.subarray(0, 512)
  change(header)
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return gzipSync(tar)
}

/** An extended header with any body; npm's tar writes only good ones. */
function extension(type: string, body: string): Buffer {
  const [header] = splitBlocks(buildTar([{ path: 'PaxHeader', content: body }]))
  header.write(type, 156, 'latin1')
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([header, pad(Buffer.from(body))])
}

function splitBlocks(tar: Buffer): [Buffer] {
  return [Buffer.from(tar.subarray(0, 512))]
}

test('links, devices and fifos are files without content', async () => {
  for (const type of ['SymbolicLink', 'Link'] as const) {
    assert.equal(
      await verdict(tarball({ path: 'foo/values.yaml', type, linkpath: 'x' })),
      undefined,
    )
  }
  for (const type of ['FIFO', 'CharacterDevice', 'BlockDevice'] as const) {
    assert.equal(await verdict(tarball({ path: 'foo/values.yaml', type })), undefined)
  }
  const link: ArchiveEntry = { path: 'foo/Chart.yaml', type: 'SymbolicLink', linkpath: 'x' }
  assert.equal(await verdict(buildArchive([link])), 'validation: chart.metadata.name is required')
})

test('directories are passed over, by type, mode or trailing slash', async () => {
  assert.equal(await verdict(tarball({ path: '../evil/', type: 'Directory' })), undefined)
  assert.equal(await verdict(tarball({ path: 'foo/../../x', mode: 0o040755 })), undefined)
  assert.equal(await verdict(withHeader((header) => header.fill(0, 156, 157))), undefined)
})

test('the path of a PAX header or a GNU long name is the one that is checked', async () => {
  const good: ArchiveEntry = { path: 'foo/good' }
  const evil: ArchiveEntry = { path: 'foo/../../evil' }
  const paxEvil = new Pax({ path: 'foo/../../evil' }).encode()
  const paxGood = new Pax({ path: 'foo/fine' }).encode()
  assert.equal(await verdict(tarball(paxEvil, good)), EVIL)
  assert.equal(await verdict(tarball(paxGood, evil)), undefined)
  assert.equal(await verdict(tarball(extension('L', 'foo/../../evil\0'), good)), EVIL)
  assert.equal(await verdict(tarball(extension('L', 'foo/fine\0'), evil)), undefined)
  assert.equal(await verdict(tarball(paxEvil, good, evil)), EVIL)
})

test('a global header changes no file', async () => {
  const global = new Pax({ path: 'foo/../../evil', comment: 'c' }, true).encode()
  assert.equal(await verdict(tarball(global, { path: 'foo/good' })), undefined)
  const pax = new Pax({ path: 'foo/fine' }).encode()
  assert.equal(await verdict(tarball(pax, global, { path: 'foo/../../evil' })), EVIL)
})

test('the size of a PAX header is the size', async () => {
  const pax = new Pax({ path: 'foo/values.yaml', size: 4 }).encode()
  assert.equal(await verdict(tarball(pax, { path: 'x', content: '- ab', size: 4 })), BAD_VALUES)
})

const BAD_VALUES =
  'cannot load values.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}'

test('malformed extended headers are refused', async () => {
  const bodies = [
    'zzz',
    '5 a=b',
    '0 a=b\n',
    '7 abcd\n',
    '12 size=3x\n\n',
    '16 path=foo/a\0b\n',
    '11 size=-3\n',
  ]
  for (const body of [...bodies, '13 mtime=abc\n', '9 uid=ab\n']) {
    assert.equal(await verdict(tarball(extension('x', body), { path: 'foo/x' })), BAD_HEADER, body)
  }
  const long = extension('L', 'a'.repeat(1024 * 1024 + 1))
  assert.equal(
    await verdict(tarball(long, { path: 'foo/x' })),
    'archive/tar: header field too long',
  )
})

test('sparse files are refused with what to do', async () => {
  const sparse = extension('x', '22 GNU.sparse.major=1\n')
  const text = 'foo/x is a sparse file: pack the chart with helm package'
  assert.equal(await verdict(tarball(sparse, { path: 'foo/x' })), text)
})

test('a header with a wrong checksum or a number that is none is refused', async () => {
  const tar = buildTar([chartYaml])
  tar[0] = (tar[0] ?? 0) + 1
  assert.equal(await verdict(gzipSync(tar)), BAD_HEADER)
  for (const offset of [100, 108, 116, 124, 136, 329, 337]) {
    assert.equal(
      await verdict(withHeader((header) => header.write('zz', offset))),
      BAD_HEADER,
      String(offset),
    )
  }
  assert.equal(await verdict(withHeader((header) => header.fill(0xff, 124, 136))), BAD_HEADER)
})

test('sizes in base 256 and in spaced octal are read', async () => {
  const size = Buffer.byteLength(CHART)
  const base256 = withHeader((header) => {
    header.fill(0, 124, 136)
    header[124] = 0x80
    header[135] = size
  })
  const spaced = withHeader((header) => {
    header.fill(' ', 124, 136)
    header.write(size.toString(8), 128)
  })
  assert.equal(await verdict(base256), undefined)
  assert.equal(await verdict(spaced), undefined)
})

test('the prefix of a ustar header belongs to the name, elsewhere it does not', async () => {
  const prefixed = (magic: string) =>
    withHeader((header) => {
      header.write(magic, 257, 'latin1')
      header.fill(0, 345, 500)
      header.write('0', 345)
    })
  // With the prefix the name is 0/foo/Chart.yaml, which is no Chart.yaml at the top.
  assert.equal(await verdict(prefixed('ustar\0' + '00')), 'Chart.yaml file is missing')
  assert.equal(await verdict(prefixed('ustar  \0')), undefined)
  assert.equal(await verdict(prefixed('\0\0\0\0\0\0\0\0')), undefined)
})

test('a tar may end at a file, within its padding, or after one block of zeros', async () => {
  const tar = buildTar([chartYaml])
  for (const length of [512 + CHART.length, 1024, 1536, 2048]) {
    assert.equal(await verdict(gzipSync(tar.subarray(0, length))), undefined, String(length))
  }
  for (const length of [300, 520, 1300]) {
    assert.equal(await verdict(gzipSync(tar.subarray(0, length))), 'unexpected EOF', String(length))
  }
  const gap = Buffer.concat([tar.subarray(0, 1024), Buffer.alloc(512), tar])
  assert.equal(await verdict(gzipSync(gap)), BAD_HEADER)
})
