import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { buildChart } from './support/chart-package.ts'
import { eventually } from './support/eventually.ts'
import { buildNoise } from './support/project-uploads.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { startStore } from './support/running-store.ts'
import { startS3Server } from './support/s3-server.ts'
import { signedText } from './support/signed-text.ts'
import { outcome, postRaw } from './support/store-client.ts'

const statsModel = z.object({ bytes: z.int(), versions: z.int() })

const chart = (name: string, version: string, noise = 0) =>
  buildChart({ name, version, files: { noise: Buffer.alloc(noise, version) } })

function send(url: string, body: Buffer | string, headers: Record<string, string>) {
  return outcome(fetch(url, { method: 'POST', body: new Blob([body]), headers }))
}

test('what the gateway says of an upload only restricts, and what cannot be read is refused', async (t) => {
  const { url } = await startStore(t, { policy: { allowsOverwrite: false, maxUploadBytes: 5000 } })
  const charts = `${url}/api/p/charts`
  const generous = {
    'x-project-max-bytes': '9007199254740991',
    'x-project-max-upload-bytes': '9007199254740991',
    'x-project-immutable': 'false',
  }
  const body = await chart('a', '1.0.0')
  assert.deepEqual(await send(charts, body, generous), [201, { saved: true }])
  assert.equal((await send(charts, body, generous))[0], 409)
  const [status, error] = await send(charts, Buffer.alloc(5001), generous)
  assert.deepEqual(
    [status, error],
    [
      413,
      {
        error: 'request too large: the limit is 5000 bytes (MAX_UPLOAD_SIZE of the chart store)',
      },
    ],
  )
  const cases: [Record<string, string>, string][] = [
    [{ 'x-project-max-bytes': '-1' }, 'x-project-max-bytes is not a whole number'],
    [{ 'x-project-max-versions': '' }, 'x-project-max-versions is not a whole number'],
    [{ 'x-project-max-upload-bytes': '1e9' }, 'x-project-max-upload-bytes is not a whole number'],
    [{ 'x-project-immutable': 'yes' }, 'x-project-immutable is neither true nor false'],
  ]
  for (const [headers, message] of cases) {
    for (const path of ['charts', 'prov']) {
      const answer = await send(`${url}/api/p/${path}`, body, headers)
      assert.deepEqual(answer, [400, { error: message }])
    }
  }
})

test('a version that a file of another name holds is not taken twice where it may not be replaced', async (t) => {
  const { url, dir } = await startStore(t)
  await mkdir(join(dir, 'p'))
  await writeFile(join(dir, 'p', 'by-hand.tgz'), await chart('a', '1.0.0'))
  const again = await chart('a', '1.0.0', 10)
  const immutable = await send(`${url}/api/p/charts`, again, { 'x-project-immutable': 'true' })
  assert.deepEqual(immutable, [
    409,
    {
      error:
        'by-hand.tgz holds this version already, and the versions of this project are immutable: ' +
        'upload it as another version',
    },
  ])
  // it is one version still, and takes no room of its own
  const full = { 'x-project-max-versions': '1' }
  assert.equal((await send(`${url}/api/p/charts`, again, full))[0], 201)
  assert.equal((await send(`${url}/api/p/charts`, await chart('b', '1.0.0'), full))[0], 412)
})

test('many projects are counted in one request, each by whoever may read it', async (t) => {
  const asked: string[] = []
  const { url } = await startStore(t, {
    authenticate: (_, action, project) => void asked.push(`${action} ${project}`),
  })
  const body = await chart('a', '1.0.0')
  await postRaw(`${url}/api/one/charts`, body)
  asked.length = 0
  const empty = { charts: 0, versions: 0, files: 0, bytes: 0 }
  assert.deepEqual(await outcome(fetch(`${url}/api/_stats?project=one&project=two`)), [
    200,
    { one: { charts: 1, versions: 1, files: 1, bytes: body.length }, two: empty },
  ])
  assert.deepEqual(asked, ['pull one', 'pull two'])
  assert.equal((await fetch(`${url}/api/_stats`)).status, 400)
  for (const name of ['..', '', 'a%2Fb', '.hidden']) {
    assert.equal((await fetch(`${url}/api/_stats?project=one&project=${name}`)).status, 400)
  }
})

test('a check finds all files, names those that the index does not, and counts uploads that still arrive', async (t) => {
  const { url, dir } = await startStore(t)
  const check = () => outcome(fetch(`${url}/api/p/_check`))
  const nothing = { charts: 0, versions: 0, files: 0, bytes: 0, unlisted: [], uploads: 0 }
  assert.deepEqual(await check(), [200, nothing])
  const body = await chart('a', '1.0.0')
  const prov = signedText('a', '1.0.0', 'f'.repeat(64))
  await postRaw(`${url}/api/p/charts`, body)
  await postRaw(`${url}/api/p/prov`, prov)
  await writeFile(join(dir, 'p', 'lone-1.0.0.tgz.prov'), 'lone')
  await writeFile(join(dir, 'p', 'notes.txt'), 'no chart file')
  const found = { charts: 1, versions: 1, files: 3, bytes: body.length + prov.length + 4 }
  const unlisted = ['lone-1.0.0.tgz.prov']
  assert.deepEqual(await check(), [200, { ...found, unlisted, uploads: 0 }])

  const parts = new TransformStream<Uint8Array, Uint8Array>()
  const writer = parts.writable.getWriter()
  const upload = fetch(`${url}/api/p/charts`, {
    method: 'POST',
    body: parts.readable,
    duplex: 'half',
  })
  const second = await chart('b', '1.0.0')
  await writer.write(new Uint8Array(second.subarray(0, 100)))
  await eventually(async () => {
    assert.deepEqual(await check(), [200, { ...found, unlisted, uploads: 1 }])
  })
  await writer.write(new Uint8Array(second.subarray(100)))
  await writer.close()
  assert.equal((await upload).status, 201)
  const [, after] = await check()
  assert.partialDeepStrictEqual(after, { versions: 2, uploads: 0 })
})

test('in a bucket too, uploads at once fill a quota to the last one that fits', {
  skip: skipWithout('versitygw'),
}, async (t) => {
  const server = await startS3Server(t)
  const { url } = await startStoreProcess(t, server.env)
  const packages = await Promise.all(
    Array.from({ length: 60 }, (_, n) => buildNoise('a', `1.0.${n}`, 500 + 10 * n)),
  )
  const limit = 12_000
  const answers = await Promise.all(
    packages.map((body) =>
      send(`${url}/api/p/charts`, body, { 'x-project-max-bytes': String(limit) }),
    ),
  )
  const { bytes, versions } = statsModel.parse(await (await fetch(`${url}/api/p/_check`)).json())
  assert.ok(bytes <= limit)
  assert.equal(versions, answers.filter(([status]) => status === 201).length)
  for (const [n, [status]] of answers.entries()) {
    if (status === 201) continue
    assert.equal(status, 412)
    assert.ok(bytes + (packages[n]?.length ?? 0) > limit)
  }
})
