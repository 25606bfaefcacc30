import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { listKeys, startS3Server } from './support/s3-server.ts'
import { postForm, readIndex } from './support/store-client.ts'

const skip = skipWithout('versitygw')
const ROUNDS = 8
const UPLOADERS = 4

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('kill -9 in a loop of uploads into a bucket loses no answered one, and no chart its provenance', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  const tempDir = await makeFolder(t)
  /** Digests of what was answered 201, by file name. */
  const answered = new Map<string, string>()
  let count = 0

  const start = () => startStoreProcess(t, { ...server.env, TMPDIR: tempDir })

  /** Uploads signed charts one after the other until the store is gone. */
  const upload = async (url: string) => {
    for (;;) {
      const version = `1.${count++}.0`
      const bytes = await buildChart({ name: 'a', version })
      const files = { chart: bytes, prov: provenance(version, sha256(bytes)) }
      const answer = await postForm(`${url}/api/p/charts`, files).catch(() => undefined)
      if (answer === undefined) return
      assert.equal(answer.status, 201, await answer.text())
      answered.set(`a-${version}.tgz`, sha256(bytes))
    }
  }

  const check = async (url: string) => {
    const versions = (await readIndex(`${url}/p`)).entries.a ?? []
    const indexed = new Map(versions.map(({ version, digest }) => [`a-${version}.tgz`, digest]))
    const keys = new Set(await listKeys(server))
    const packages = [...keys].filter((key) => key.endsWith('.tgz'))
    assert.deepEqual([...indexed.keys()].map((name) => `p/${name}`).sort(), packages)
    for (const [name, digest] of answered) assert.equal(indexed.get(name), digest, name)
    for (const key of packages) assert.ok(keys.has(`${key}.prov`), `${key} without its provenance`)
    assert.deepEqual(await waitingUploads(tempDir), [])
  }

  for (let round = 0; round < ROUNDS; round++) {
    const store = await start()
    await check(store.url)
    const uploaders = Array.from({ length: UPLOADERS }, () => upload(store.url))
    const before = answered.size
    while (answered.size < before + 4) await delay(1)
    await delay(round * 7)
    await store.kill()
    await Promise.all(uploaders)
  }
  const store = await start()
  await check(store.url)
  assert.equal(await store.stop(), 0)
})

async function waitingUploads(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map(({ name }) => name)
}

function provenance(version: string, digest: string): string {
  return `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

name: a
version: ${version}

...
files:
  a-${version}.tgz: sha256:${digest}
-----BEGIN PGP SIGNATURE-----
-----END PGP SIGNATURE-----
`
}
