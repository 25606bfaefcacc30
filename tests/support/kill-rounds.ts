import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChartApi } from './chart-api.ts'
import { type IntactCheck, placeCalm, sceneOf } from './intact.ts'
import type { Random } from './random.ts'
import type { RunningProgram } from './running-chartgate.ts'
import type { UploadLoad } from './upload-load.ts'

/**
 * Starts a program again and again on what the last one left, and kills it at some point among uploads. Each time what was
 * answered has to be there, and nothing else.
 */
export async function killRepeatedly(options: {
  start: () => Promise<RunningProgram>
  chartsOf: (url: string, project: string) => ChartApi
  /** Before the first uploads. */
  prepare?: (url: string) => Promise<void>
  load: UploadLoad
  assertIntact: IntactCheck
  /** Folders of what is under way, empty after a restart. */
  temporary: readonly string[]
  random: Random
  /** The longest that a round uploads after its first answers. */
  loadMs?: number
  mayGoOn: (rounds: number) => boolean
}): Promise<number> {
  const { start, chartsOf, prepare, load, assertIntact, temporary, random, mayGoOn } = options
  const { loadMs = 80 } = options
  for (let round = 0; ; round++) {
    const program = await start()
    const scene = sceneOf(chartsOf, program.url)
    if (round === 0) {
      await prepare?.(program.url)
      await placeCalm(scene)
    }
    await assertIntact(scene)
    for (const folder of temporary) {
      const left = await readdir(folder, { recursive: true, withFileTypes: true })
      const files = left.filter((entry) => entry.isFile()).map(({ name }) => name)
      assert.deepEqual(files, [], `older than the restart: ${folder}`)
    }
    if (!mayGoOn(round)) {
      assert.equal(await program.stop(), 0)
      return round
    }
    const uploads = load.start(scene.project)
    // Some rounds end in the first uploads, some in the midst of many.
    await load.answers(1 + random.below(4))
    await delay(random.below(loadMs))
    await program.kill()
    await uploads.stop()
  }
}
