import { hash } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { decodeGo, type GoType } from './go-decode.ts'
import { decodeYaml, parseGoYaml } from './go-yaml.ts'
import { type Work, wait } from './work.ts'

/** What a worker is asked. */
export interface YamlQuestion {
  content: Uint8Array
  type: GoType
}

/** What a worker says. */
export interface YamlAnswer {
  fault: string | undefined
}

/** js-yaml reads 3 to 5 MB a second: this much holds up other requests for some 30 ms. */
const INLINE_BYTES = 128 * 1024
/** What 5 MiB of the densest YAML need, with room. */
const WORKER_MEMORY_MB = 1024

/** So few workers at a time that large uploads cannot take all memory. */
const inTurn = pLimit(2)
/** The densest 5 MiB take some 3 s. Nobody waits longer for somebody else's chart. */
const WORKER_MS = 5000
const TOO_COMPLEX = 'error converting YAML to JSON: the document is too complex'

/** Versions of a chart often have the very same values.yaml: by type, the sha256 of what was found to be without fault. */
const faultless = new Map<GoType, LRUCache<string, true>>()
const MAX_FAULTLESS = 1000

/**
 * Why helm could not decode a YAML file into a type; undefined where it could. Large files are parsed in a worker thread:
 * no other request waits for them.
 */
export function* findYamlFault(content: Buffer, type: GoType): Work<string | undefined> {
  const known = faultless.get(type) ?? new LRUCache({ max: MAX_FAULTLESS })
  faultless.set(type, known)
  const digest = hash('sha256', content)
  if (known.get(digest)) return undefined
  const isSmall = content.length <= INLINE_BYTES
  const question = { content, type }
  const fault = isSmall ? yamlFault(question) : yield* wait(inTurn(() => askWorker(question)))
  if (fault === undefined) known.set(digest, true)
  return fault
}

export function yamlFault({ content, type }: YamlQuestion): string | undefined {
  try {
    decodeGo(parseGoYaml(decodeYaml(content)), type)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function askWorker(question: YamlQuestion): Promise<string | undefined> {
  const worker = new Worker(new URL('./yaml-fault-worker.ts', import.meta.url), {
    workerData: question,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_MEMORY_MB },
  })
  try {
    const signal = AbortSignal.timeout(WORKER_MS)
    const [answer] = (await once(worker, 'message', { signal })) as [YamlAnswer]
    return answer.fault
  } catch (error) {
    if (isOutOfMemory(error) || isAborted(error)) return TOO_COMPLEX
    throw error
  } finally {
    await worker.terminate()
  }
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}
