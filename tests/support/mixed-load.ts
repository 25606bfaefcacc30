import assert from 'node:assert/strict'
import type { ChartApi } from './chart-api.ts'
import { type ChartModel, createChartModel, GONE } from './chart-model.ts'
import { buildChart } from './chart-package.ts'
import type { Random } from './random.ts'
import { readIndex } from './store-client.ts'
import { sha256 } from './upload-load.ts'

/** Several writers that upload, overwrite, delete and read a few versions of a few charts, all at once. */
export interface MixedLoad {
  model: ChartModel
  /** How often each kind of request was answered with each status. */
  answers: ReadonlyMap<string, number>
  run: (writers: number, mayGoOn: () => boolean) => Promise<void>
  /** At rest: every index entry has its file, with that digest, and each file is what the model says that it may be. */
  assertTrue: (charts: ChartApi) => Promise<void>
}

const CHARTS = 5
const VERSIONS = 20

/**
 * @param target where the next request goes.
 * @param mayBreak whether a request may fail, be answered 503 or not at all.
 */
export function createMixedLoad(options: {
  random: Random
  target: () => ChartApi
  mayBreak: boolean
}): MixedLoad {
  const { random, target, mayBreak } = options
  const model = createChartModel()
  const answers = new Map<string, number>()
  let count = 0

  const send = async (what: string, url: string, init: RequestInit = {}) => {
    try {
      const answer = await fetch(url, init)
      const body = Buffer.from(await answer.arrayBuffer())
      const key = `${what} ${answer.status}`
      answers.set(key, (answers.get(key) ?? 0) + 1)
      return { status: answer.status, body }
    } catch (error) {
      if (!mayBreak) throw error
      return { status: 0, body: Buffer.alloc(0) }
    }
  }

  const assertExpected = (what: string, status: number, ...expected: number[]) => {
    const isBroken = mayBreak && (status === 0 || status === 503)
    assert.ok(isBroken || expected.includes(status), `${what}: ${status}`)
  }

  const chooseVersion = () => {
    const name = `chart-${random.below(CHARTS)}`
    const version = `1.${random.below(VERSIONS)}.0`
    return { name, version, fileName: `${name}-${version}.tgz` }
  }

  const upload = async () => {
    const { name, version, fileName } = chooseVersion()
    const metadata = { description: `number ${count++}` }
    const content = await buildChart({ name, version, metadata })
    const operation = model.begin(fileName, sha256(content))
    const { api, headers } = target()
    const init = { method: 'POST', headers, body: new Blob([content]) }
    const { status } = await send('upload', `${api}/charts`, init)
    assertExpected(`upload ${fileName}`, status, 201)
    if (status === 201) operation.succeeded()
    else operation.unknown()
  }

  const remove = async () => {
    const { name, version, fileName } = chooseVersion()
    const operation = model.begin(fileName, GONE)
    const { api, headers } = target()
    const init = { method: 'DELETE', headers }
    const { status } = await send('delete', `${api}/charts/${name}/${version}`, init)
    assertExpected(`delete ${fileName}`, status, 200, 404)
    if (status === 200) operation.succeeded()
    else if (status === 404) operation.refused()
    else operation.unknown()
  }

  const download = async () => {
    const { fileName } = chooseVersion()
    const { repository, headers } = target()
    const { status, body } = await send('download', `${repository}/charts/${fileName}`, { headers })
    assertExpected(`download ${fileName}`, status, 200, 404)
    if (status === 200) assert.ok(model.wasSent(fileName, sha256(body)), `whole: ${fileName}`)
  }

  const index = async () => {
    const { repository, headers } = target()
    const { status } = await send('index', `${repository}/index.yaml`, { headers })
    assertExpected('index', status, 200)
  }

  const work = [upload, upload, upload, upload, remove, download, index]

  return {
    model,
    answers,
    run: async (writers, mayGoOn) => {
      const write = async () => {
        while (mayGoOn()) await random.pick(work)()
      }
      await Promise.all(Array.from({ length: writers }, write))
    },
    assertTrue: async ({ repository, headers }) => {
      const { entries } = await readIndex(repository, { headers })
      const listed = new Map(
        Object.values(entries)
          .flat()
          .map(({ urls, digest }) => [urls[0]?.slice('charts/'.length) ?? '', digest]),
      )
      for (const name of listed.keys()) assert.ok(model.fileNames().includes(name), name)
      for (const name of model.fileNames()) {
        const possible = [...model.possible(name)]
        const found = listed.get(name) ?? GONE
        assert.ok(possible.includes(found), `${name} is ${found}, not one of ${possible}`)
        const answer = await fetch(`${repository}/charts/${name}`, { headers })
        const bytes = Buffer.from(await answer.arrayBuffer())
        assert.equal(answer.status === 200 ? sha256(bytes) : GONE, found, name)
      }
    },
  }
}
