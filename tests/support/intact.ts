import assert from 'node:assert/strict'
import pLimit from 'p-limit'
import type { ChartApi } from './chart-api.ts'
import { buildChart } from './chart-package.ts'
import { eventually } from './eventually.ts'
import { readIndex } from './store-client.ts'
import { sha256, type UploadLoad } from './upload-load.ts'

/** Where the charts that faults strike are, and those of another project, which no fault may touch. */
export interface Scene {
  project: ChartApi
  calm: ChartApi
}

export const sceneOf = (
  chartsOf: (url: string, project: string) => ChartApi,
  url: string,
): Scene => ({
  project: chartsOf(url, 'struck'),
  calm: chartsOf(url, 'calm'),
})

/** Puts a chart into the project that is to stay as it is. */
export async function placeCalm({ calm }: Scene): Promise<void> {
  const init = { method: 'POST', headers: calm.headers, body: new Blob([await CALM]) }
  const answer = await fetch(`${calm.api}/charts`, init)
  assert.equal(answer.status, 201, await answer.text())
}

const CALM = buildChart({ name: 'calm', version: '1.0.0' })

export interface Evidence {
  load: UploadLoad
  /** Names of the struck project's files in storage. */
  listFiles: () => Promise<string[]>
  /** Files that are there and are no charts. */
  invalid?: readonly string[]
  /** In a bucket the provenance is put first: alone it may be left of an upload that was not answered. */
  isBucket?: true
}

export type IntactCheck = (scene: Scene, withinMs?: number) => Promise<void>

/**
 * What must be true after every fault: each answered upload is listed and can be downloaded, each entry has a file of
 * its digest, each file has its entry, chart and provenance belong together, other projects are served.
 * @returns the check, which downloads a file once for each digest that it is listed with. It may be given the time that
 *   storage is compared after.
 */
export function createIntactCheck(evidence: Evidence): IntactCheck {
  const { load, listFiles, invalid = [], isBucket = false } = evidence
  const downloaded = new Set<string>()

  const checkOnce = async ({ project, calm }: Scene) => {
    const indexed = await readDigests(project)
    const files = await listFiles()
    const packages = files.filter((name) => name.endsWith('.tgz') && !invalid.includes(name))
    assert.deepEqual([...indexed.keys()].sort(), packages.sort(), 'an entry for every file')
    for (const [name, digest] of load.answered) {
      const stored = indexed.get(name)
      const isKnown = stored === digest || load.unanswered.get(name)?.has(stored ?? '')
      assert.ok(isKnown, `${name} was answered 201: ${stored} is listed, not ${digest}`)
    }
    const signed = packages.filter((name) => load.signed.has(name)).map((name) => `${name}.prov`)
    const mayBeAlone = (name: string) => isBucket && load.unanswered.has(name.slice(0, -5))
    const provenances = files.filter((name) => name.endsWith('.prov'))
    const expected = provenances.filter((name) => signed.includes(name) || !mayBeAlone(name))
    assert.deepEqual(expected.sort(), signed.sort(), 'both or neither')

    const unseen = [...indexed].filter((pair) => !downloaded.has(pair.join()))
    await pLimit(8).map(unseen, async ([name, digest]) => {
      assert.equal(sha256(await download(project, name)), digest, `the digest of ${name}`)
      if (load.signed.has(name)) {
        const [, stated] =
          /sha256:(\w+)/.exec(String(await download(project, `${name}.prov`))) ?? []
        assert.equal(stated, digest, `the provenance of ${name}`)
      }
      downloaded.add(`${name},${digest}`)
    })
    const digest = sha256(await CALM)
    assert.equal(sha256(await download(calm, 'calm-1.0.0.tgz')), digest)
    assert.deepEqual(await readDigests(calm), new Map([['calm-1.0.0.tgz', digest]]))
  }

  return (scene, withinMs = 0) => eventually(() => checkOnce(scene), withinMs)
}

/** sha256 by file name, as the index has it. */
async function readDigests({ repository, headers }: ChartApi): Promise<Map<string, string>> {
  const { entries } = await readIndex(repository, { headers })
  const versions = Object.values(entries).flat()
  const digests = new Map(versions.map(({ urls, digest }) => [urls[0]?.slice(7) ?? '', digest]))
  assert.equal(digests.size, versions.length, 'each file once')
  return digests
}

async function download({ repository, headers }: ChartApi, name: string): Promise<Buffer> {
  const answer = await fetch(`${repository}/charts/${name}`, { headers })
  assert.equal(answer.status, 200, name)
  return Buffer.from(await answer.arrayBuffer())
}
