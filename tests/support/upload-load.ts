import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ChartApi } from './chart-api.ts'
import { buildChart } from './chart-package.ts'
import { signedText } from './signed-text.ts'

/** Uploads while things go wrong, and what was answered to them. */
export interface UploadLoad {
  /** sha256 of what was answered 201, by file name; the latest where a version went up again. */
  answered: ReadonlyMap<string, string>
  /** What may be stored as well: sent, and not answered 201. */
  unanswered: ReadonlyMap<string, ReadonlySet<string>>
  /** File names that always went up together with a provenance file. */
  signed: ReadonlySet<string>
  /** How often each status other than 201 was answered. */
  refusals: ReadonlyMap<number, number>
  /** Starts some uploaders; each sends one chart after the other until the server is gone or the test has enough. */
  start: (target: ChartApi, uploaders?: number) => RunningUploads
  /** Resolves when so many more uploads were answered 201; fails where that takes too long. */
  answers: (count: number) => Promise<void>
}

export interface RunningUploads {
  /** Resolves when what was under way has been answered, or never will be. */
  stop: () => Promise<void>
}

export interface LoadOptions {
  /** Statuses that an upload may be answered with instead of 201. */
  mayRefuse?: readonly number[]
  /** Whether a chart is replaced together with its provenance: in a bucket that is two steps. */
  replacesPairs?: boolean
  /** Bytes of noise in each package. */
  padding?: number
}

const NAME = 'etcd'
/** Sent again and again by the first uploader alone: the old file stays until the new one is whole. */
const REPLACED = '0.0.1'
/** The same with a provenance file, by the second. */
const REPLACED_PAIR = '0.0.2'
const PATIENCE_MS = 30_000

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

export function createUploadLoad(options: LoadOptions = {}): UploadLoad {
  const { mayRefuse = [], replacesPairs = true, padding = 0 } = options
  const answered = new Map<string, string>()
  const unanswered = new Map<string, Set<string>>()
  const signed = new Set<string>()
  const refusals = new Map<number, number>()
  const waiting = new Set<() => void>()
  let count = 0
  let total = 0

  const upload = async (target: ChartApi, version: string, number: number) => {
    const fileName = `${NAME}-${version}.tgz`
    const noise = createHash('shake256', { outputLength: padding }).update(`${number}`).digest()
    const files = { 'README.md': `${number}`, noise }
    const content = await buildChart({ name: NAME, version, files })
    const digest = sha256(content)
    unanswered.set(fileName, (unanswered.get(fileName) ?? new Set()).add(digest))
    const form = new FormData()
    form.append('chart', new Blob([content]), fileName)
    if (version === REPLACED_PAIR || (version !== REPLACED && number % 3 === 0)) {
      signed.add(fileName)
      form.append('prov', new Blob([signedText(NAME, version, digest)]), 'prov')
    }
    const init = { method: 'POST', headers: target.headers, body: form }
    const answer = await fetch(`${target.api}/charts`, init)
    const text = await answer.text()
    if (answer.status !== 201) {
      assert.ok(mayRefuse.includes(answer.status), `${answer.status} ${text}`)
      refusals.set(answer.status, (refusals.get(answer.status) ?? 0) + 1)
      return
    }
    answered.set(fileName, digest)
    unanswered.delete(fileName)
    total++
    for (const listener of waiting) listener()
  }

  const chooseVersion = (uploader: number, number: number) => {
    if (uploader === 0) return REPLACED
    return uploader === 1 && replacesPairs ? REPLACED_PAIR : `1.${number}.0`
  }

  const run = async (target: ChartApi, uploader: number, signal: AbortSignal) => {
    while (!signal.aborted) {
      const number = count++
      try {
        await upload(target, chooseVersion(uploader, number), number)
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
        return
      }
    }
  }

  return {
    answered,
    unanswered,
    signed,
    refusals,
    start: (target, uploaders = 4) => {
      const stopped = new AbortController()
      const runs = Array.from({ length: uploaders }, (_, i) => run(target, i, stopped.signal))
      const ended = Promise.all(runs)
      // Heard of where the test stops them.
      ended.catch(() => undefined)
      return {
        stop: async () => {
          stopped.abort()
          await ended
        },
      }
    },
    answers: (more) => {
      const wanted = total + more
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`only ${total} of ${wanted} uploads were answered`)),
          PATIENCE_MS,
        )
        const listener = () => {
          if (total < wanted) return
          clearTimeout(timer)
          waiting.delete(listener)
          resolve()
        }
        waiting.add(listener)
      })
    },
  }
}
