import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Threads that answer questions. They are started when there is something to ask, and end when there is nothing more. */
export interface WorkerPool<Question, Answer> {
  /** @throws {WorkerLost} */
  ask: (question: Question) => Promise<Answer>
  /** How many questions keep all threads busy. */
  breadth: number
}

/** A thread ended before it answered; which of its questions ended it is not known. */
export class WorkerLost extends Error {
  override name = 'WorkerLost'
}

/** How a question travels to a thread, and its answer back. */
export interface Numbered<Content> {
  number: number
  content: Content
}

interface Thread<Question, Answer> {
  open: () => number
  ask: (question: Question) => Promise<Answer>
}

/** One processor is left to the thread that serves requests. */
const THREADS = Math.min(4, Math.max(1, availableParallelism() - 1))
/** While it answers one question the next is there already. */
const QUESTIONS_AHEAD = 2

export interface WorkerPoolOptions {
  /** Of JavaScript, a thread. */
  memoryMb: number
  /** How long a thread waits for another question. */
  idleMs: number
}

/** @param script a module that calls `answerQuestions`. */
export function createWorkerPool<Question, Answer>(
  script: URL,
  options: WorkerPoolOptions,
): WorkerPool<Question, Answer> {
  const threads = new Set<Thread<Question, Answer>>()

  const start = () => {
    const thread: Thread<Question, Answer> = startThread(script, options, () =>
      threads.delete(thread),
    )
    threads.add(thread)
    return thread
  }

  return {
    breadth: THREADS * QUESTIONS_AHEAD,
    ask: async (question) => {
      const [idlest] = [...threads].sort((a, b) => a.open() - b.open())
      const mayStart = threads.size < THREADS && idlest?.open() !== 0
      return (idlest === undefined || mayStart ? start() : idlest).ask(question)
    },
  }
}

function startThread<Question, Answer>(
  script: URL,
  { memoryMb, idleMs }: WorkerPoolOptions,
  onEnd: () => void,
): Thread<Question, Answer> {
  const worker = new Worker(script, {
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 4 },
  })
  const waiting = new Map<number, PromiseWithResolvers<Answer>>()
  let asked = 0
  let idle: NodeJS.Timeout | undefined

  const end = (cause?: unknown) => {
    onEnd()
    for (const { reject } of waiting.values()) {
      reject(new WorkerLost('a worker thread ended before it answered', { cause }))
    }
    waiting.clear()
  }
  worker.on('error', end)
  worker.on('exit', () => end())
  worker.on('message', ({ number, content }: Numbered<Answer>) => {
    waiting.get(number)?.resolve(content)
    waiting.delete(number)
    if (waiting.size > 0) return
    worker.unref()
    idle = setTimeout(() => {
      onEnd()
      worker.terminate()
    }, idleMs).unref()
  })

  return {
    open: () => waiting.size,
    ask: (question) => {
      clearTimeout(idle)
      worker.ref()
      const number = ++asked
      const answered = Promise.withResolvers<Answer>()
      waiting.set(number, answered)
      worker.postMessage({ number, content: question } satisfies Numbered<Question>)
      return answered.promise
    },
  }
}
