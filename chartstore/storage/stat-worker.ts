import { type BigIntStats, statSync } from 'node:fs'
import { answerQuestions } from '../worker-answers.ts'
import type { StatAnswer, StatQuestion } from './stat-files.ts'

answerQuestions(({ folder, names }: StatQuestion): StatAnswer => {
  const started = performance.now()
  const sizes = new Float64Array(names.length).fill(-1)
  const modifiedNs = new BigInt64Array(names.length)
  names.forEach((name, i) => {
    const found = look(`${folder}/${name}`)
    if (found === undefined || !found.isFile()) return
    sizes[i] = Number(found.size)
    modifiedNs[i] = found.mtimeNs
  })
  return { sizes, modifiedNs, ms: performance.now() - started }
})

function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
