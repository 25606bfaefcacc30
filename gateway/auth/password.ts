import { pbkdf2 } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'
import { promisify } from '../../service/promisify.ts'
import { createWorkerPool, WorkerLost } from '../../service/worker-pool.ts'
import { ServiceUnavailable } from '../http/errors.ts'
import {
  createPasswordAnswer,
  type PasswordAnswer,
  type PasswordQuestion,
} from './password-answer.ts'

/** So long after the last password the next one is a lone one, and there is no thread for it any more. */
const IDLE_MS = 10_000

/**
 * In threads of its own, behind the one that serves: a password costs as much as hundreds of reads, and on libuv's pool it would
 * keep file reads and DNS waiting too.
 */
const threads = createWorkerPool<PasswordQuestion, PasswordAnswer>(
  new URL('./password-worker.ts', import.meta.url),
  { memoryMb: 64, idleMs: IDLE_MS },
)

const limit = pLimit(threads.breadth)

/** A thread takes three times as long to start as a password to check: a lone one is checked in one of libuv's. */
const answerLone = createPasswordAnswer({ hash, verify, pbkdf2: promisify(pbkdf2) })
let askedAt = Number.NEGATIVE_INFINITY

/** A flood of made-up names is cut off here, before it makes everybody wait for seconds. */
const MAX_WAITING = 256

export async function hashPassword(password: string): Promise<string> {
  return String(await ask({ password }))
}

/**
 * Whether `password` is the one behind `passwordHash`: ours, or one of Harbor's (harbor-hash.ts). Takes as long for a hash that is not there
 * (undefined or '': no such user, or none set), whose answer is no.
 * @throws {ServiceUnavailable} when too many wait already.
 */
export async function verifyPassword(
  passwordHash: string | undefined,
  password: string,
): Promise<boolean> {
  if (limit.pendingCount >= MAX_WAITING) throw new ServiceUnavailable('too many logins at once')
  return (await ask({ password, passwordHash: passwordHash ?? '' })) === true
}

async function ask(question: PasswordQuestion): Promise<string | boolean> {
  const isLone = performance.now() - askedAt > IDLE_MS
  askedAt = performance.now()
  const answer = await (isLone ? answerLone(question) : limit(() => askThread(question)))
  if ('fault' in answer) throw new Error(answer.fault)
  return answer.value
}

/** A thread that has died, of memory that ran out for instance, costs nobody their login. */
async function askThread(question: PasswordQuestion): Promise<PasswordAnswer> {
  try {
    return await threads.ask(question)
  } catch (error) {
    if (error instanceof WorkerLost) return answerLone(question)
    throw error
  }
}
