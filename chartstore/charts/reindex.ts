import { Readable } from 'node:stream'
import type { Answer } from '../http/answer.ts'
import type { RouteContext } from '../http/router.ts'
import type { ProjectIndexes } from '../index/project-indexes.ts'

/** Less than every time limit of a silent connection on the way. */
const SIGN_OF_LIFE_MS = 5000

/**
 * `POST /api/:repo/_reindex`: every package is read anew, whatever the index says of it. That takes as long as it takes:
 * line breaks, which are nothing in JSON, keep the connection alive until the result is there.
 */
export function createReindexHandler({ indexes }: { indexes: ProjectIndexes }) {
  return ({ params }: RouteContext): Answer => ({
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: Readable.from(withSignsOfLife(reindex(indexes, params.repo ?? ''))),
  })
}

async function reindex(indexes: ProjectIndexes, project: string): Promise<string> {
  const index = await indexes.forReading(project)
  await index.rebuild()
  const { charts, versions } = index.totals()
  return JSON.stringify({ charts, versions, problems: index.problems() })
}

async function* withSignsOfLife(result: Promise<string>): AsyncGenerator<string> {
  let isDone = false
  // its failure is told by the last line
  const ended = result.then(
    () => undefined,
    () => undefined,
  )
  void ended.then(() => {
    isDone = true
  })
  while (!isDone) {
    const pause = Promise.withResolvers<void>()
    const timer = setTimeout(pause.resolve, SIGN_OF_LIFE_MS)
    await Promise.race([ended, pause.promise])
    clearTimeout(timer)
    if (!isDone) yield '\n'
  }
  yield await result.catch((error: unknown) =>
    JSON.stringify({ error: error instanceof Error ? error.message : String(error) }),
  )
}
