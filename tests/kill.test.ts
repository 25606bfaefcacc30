import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ADMIN, basicAuth, createAccounts } from './support/accounts.ts'
import { buildChart } from './support/chart-package.ts'
import { makeDataDir, startGatewayProcess } from './support/running-chartgate.ts'
import { readIndex } from './support/store-client.ts'

const PROJECT = 'killed'
const ROUNDS = 50
const UPLOADERS = 4
const OVERWRITTEN = '0.0.1'
const headers = basicAuth(ADMIN)

test('kill -9 in a loop of uploads loses no answered upload and leaves no half of one', async (t) => {
  const dataDir = await makeDataDir(t)
  const uploads = createUploads()
  const start = () => startGatewayProcess(t, { DATA_DIR: dataDir, LOG_LEVEL: 'warn' })

  for (let round = 0; round < ROUNDS; round++) {
    const program = await start()
    if (round === 0) await createAccounts(program.url).createProject(PROJECT)
    await checkStore(program.url, dataDir, uploads)
    const stopped = new AbortController()
    const uploaders = Array.from({ length: UPLOADERS }, () =>
      uploads.run(program.url, stopped.signal),
    )
    await uploads.firstAnswer()
    // Some rounds end in the first uploads, some in the midst of many.
    await delay((round * 7) % 60)
    await program.kill()
    stopped.abort()
    await Promise.all(uploaders)
  }

  const program = await start()
  await checkStore(program.url, dataDir, uploads)
  assert.ok(uploads.answered.size >= ROUNDS)
  assert.equal(await program.stop(), 0)
})

interface Uploads {
  /** sha256 of what was answered 201, by file name; the latest where the same version went up again. */
  answered: Map<string, string>
  /** What may be stored as well: sent, and never answered. By file name, several for a version that goes up again. */
  unanswered: Map<string, Set<string>>
  /** File names that always went up with a provenance file. */
  signed: Set<string>
  /** Uploads one chart after the other until the program is gone. */
  run: (url: string, signal: AbortSignal) => Promise<void>
  /** Resolves at the next answer. */
  firstAnswer: () => Promise<void>
}

function createUploads(): Uploads {
  const answered = new Map<string, string>()
  const unanswered = new Map<string, Set<string>>()
  const signed = new Set<string>()
  let count = 0
  let listeners: (() => void)[] = []

  const upload = async (url: string, signal: AbortSignal, number: number, version: string) => {
    const name = 'etcd'
    const fileName = `${name}-${version}.tgz`
    const content = await buildChart({ name, version, files: { 'README.md': `${number}` } })
    const digest = createHash('sha256').update(content).digest('hex')
    unanswered.set(fileName, (unanswered.get(fileName) ?? new Set()).add(digest))
    const form = new FormData()
    form.append('chart', new Blob([content]), fileName)
    if (number % 3 === 0 && version !== OVERWRITTEN) {
      form.append('prov', new Blob([provenance(name, version, digest)]), 'prov')
      signed.add(fileName)
    }
    const answer = await fetch(`${url}/api/chartrepo/${PROJECT}/charts`, {
      method: 'POST',
      headers,
      body: form,
      signal,
    })
    assert.equal(answer.status, 201, await answer.clone().text())
    answered.set(fileName, digest)
    unanswered.delete(fileName)
    for (const listener of listeners) listener()
    listeners = []
  }

  return {
    answered,
    unanswered,
    signed,
    run: async (url, signal) => {
      // One of the uploaders sends the same version again and again: the old file stays until the new one is whole.
      const isOverwriting = count % UPLOADERS === 0
      for (;;) {
        const number = count++
        const version = isOverwriting ? OVERWRITTEN : `1.${number}.0`
        try {
          await upload(url, signal, number, version)
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error
          return
        }
      }
    },
    firstAnswer: () => new Promise((resolve) => listeners.push(resolve)),
  }
}

/** That index, files and answers agree, as a reader finds them just after a start. */
async function checkStore(url: string, dataDir: string, uploads: Uploads): Promise<void> {
  const folder = join(dataDir, 'charts', PROJECT)
  const { entries } = await readIndex(`${url}/chartrepo/${PROJECT}`, { headers })
  const indexed = new Map(
    Object.values(entries)
      .flat()
      .map(({ name, version, digest }) => [`${name}-${version}.tgz`, digest]),
  )
  const files = await readdir(folder).catch(() => [])
  const packages = files.filter((name) => name.endsWith('.tgz'))
  assert.deepEqual([...indexed.keys()].sort(), packages.sort(), 'an entry for every file')
  for (const name of packages) {
    const content = await readFile(join(folder, name))
    const digest = createHash('sha256').update(content).digest('hex')
    assert.equal(indexed.get(name), digest, `the digest of ${name}`)
  }
  for (const [name, digest] of uploads.answered) {
    const stored = indexed.get(name)
    const isKnown = stored === digest || uploads.unanswered.get(name)?.has(stored ?? '')
    assert.ok(isKnown, `${name} was answered 201: ${stored} is stored, not ${digest}`)
  }
  const provenances = files.filter((name) => name.endsWith('.prov'))
  const signed = packages.filter((name) => uploads.signed.has(name))
  assert.deepEqual(
    provenances.sort(),
    signed.map((name) => `${name}.prov`).sort(),
    'both or neither',
  )
  for (const temporary of ['spool', 'journal']) {
    const left = await readdir(join(dataDir, 'charts', '.chartgate', temporary))
    assert.deepEqual(left, [], `older than the restart: ${temporary}`)
  }
}

/** Shaped as `helm package --sign` writes it; nobody verifies it here. */
function provenance(name: string, version: string, digest: string): string {
  return `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

name: ${name}
version: ${version}

...
files:
  ${name}-${version}.tgz: sha256:${digest}
-----BEGIN PGP SIGNATURE-----

AAAA
-----END PGP SIGNATURE-----
`
}
