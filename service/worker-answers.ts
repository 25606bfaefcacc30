import { parentPort } from 'node:worker_threads'
import { becomeBackgroundThread } from './background-thread.ts'
import type { Numbered } from './worker-pool.ts'

/** For the script of a pool's threads: answers what is asked, one question after another. What it throws ends the thread. */
export function answerQuestions<Question, Answer>(
  answer: (question: Question) => Answer | Promise<Answer>,
): void {
  becomeBackgroundThread()
  let last: Promise<void> = Promise.resolve()
  parentPort?.on('message', ({ number, content }: Numbered<Question>) => {
    last = last.then(async () => {
      parentPort?.postMessage({ number, content: await answer(content) } satisfies Numbered<Answer>)
    })
  })
}
