import type { Logger } from '../../service/log.ts'
import { InvalidChart } from '../chart/chart-error.ts'
import { type Storage, StorageError } from '../storage/storage.ts'
import {
  type Fault,
  type PackageAnswers,
  type PackageQuestion,
  type PackageRead,
  packageThreads,
  WHOLE_BYTES,
} from './package-threads.ts'
import { unpackEntries } from './packed-entries.ts'
import { readPackage } from './read-package.ts'

/** Reads the packages of one project. */
export interface PackageReader {
  /** @throws {InvalidChart} where it is no chart. @throws {StorageError} */
  read: (fileName: string) => Promise<PackageRead>
  /** How many may be asked for side by side. */
  atOnce: number
}

export interface PackageReaderOptions {
  project: string
  storage: Storage
  urlBase: string
  readsAtOnce: number
  log: Logger
}

/** In this thread: for a few packages. */
export function createReader(options: PackageReaderOptions): PackageReader {
  const { project, storage, urlBase, readsAtOnce } = options
  return {
    read: async (fileName) => {
      const file = await storage.get(project, fileName)
      return { file, entry: await readPackage(file, urlBase) }
    },
    atOnce: readsAtOnce,
  }
}

/** Packages that go to a thread together. */
const BATCH = 32

type Answer = PackageRead | { fault: Fault }

interface Waiting {
  question: PackageQuestion
  answer: (answer: Answer | undefined) => void
}

/**
 * In threads, while this one serves requests: for many packages. Those that were with a thread when it was lost are read here:
 * one that ends threads harms no other.
 */
export function createThreadedReader(options: PackageReaderOptions): PackageReader {
  const { project, storage, urlBase, readsAtOnce, log } = options
  const { localPath } = storage
  const here = createReader(options)
  let batch: Waiting[] = []

  const send = async () => {
    const sent = batch
    batch = []
    if (sent.length === 0) return
    const answers = await packageThreads
      .ask(sent.map(({ question }) => question))
      .then(unpackAnswers)
      .catch((error: unknown) => {
        log.warn({ err: error, packages: sent.length }, 'packages are read without their thread')
      })
    for (const [i, { answer }] of sent.entries()) answer(answers?.[i])
  }

  const ask = (question: PackageQuestion): Promise<Answer | undefined> =>
    new Promise((answer) => {
      batch.push({ question, answer })
      if (batch.length === 1) setImmediate(send)
      if (batch.length === BATCH) void send()
    })

  const question = async (fileName: string): Promise<PackageQuestion | PackageRead> => {
    if (localPath !== undefined) return { urlBase, fileName, path: localPath(project, fileName) }
    const open = await storage.get(project, fileName)
    const { size, modifiedNs, tag } = open
    const file = { fileName, size, modifiedNs, tag }
    if (size > WHOLE_BYTES) return { file, entry: await readPackage(open, urlBase) }
    return { urlBase, file, bytes: await open.read() }
  }

  return {
    read: async (fileName) => {
      const asked = await question(fileName)
      if ('entry' in asked) return asked
      const answer = await ask(asked)
      if (answer === undefined) return here.read(fileName)
      if ('fault' in answer) throw toError(answer.fault)
      return answer
    },
    atOnce: localPath === undefined ? readsAtOnce : packageThreads.breadth * BATCH,
  }
}

function unpackAnswers({ files, entries: packed }: PackageAnswers): Answer[] {
  const entries = unpackEntries(packed).values()
  return files.map((file) => {
    if ('fault' in file) return file
    const entry = entries.next().value
    if (entry === undefined) throw new Error('a thread has packed too few entries')
    return { file, entry }
  })
}

function toError(fault: Fault): Error {
  if (fault.kind === 'storage') return new StorageError(fault.fault, fault.message)
  return fault.kind === 'chart' ? new InvalidChart(fault.message) : new Error(fault.message)
}
