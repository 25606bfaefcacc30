import { InvalidChart } from '../chart/chart-error.ts'
import { readFileNow } from '../storage/local-file-now.ts'
import { openLocalFile } from '../storage/local-reader.ts'
import { StorageError } from '../storage/storage.ts'
import { answerQuestions } from '../worker-answers.ts'
import {
  type Fault,
  type PackageAnswer,
  type PackageQuestion,
  type PackageRead,
  WHOLE_BYTES,
} from './package-threads.ts'
import { readPackage, readWholePackage } from './read-package.ts'

answerQuestions(async (questions: readonly PackageQuestion[]): Promise<PackageAnswer[]> => {
  const answers: PackageAnswer[] = []
  for (const question of questions) {
    answers.push(await read(question).catch((error) => ({ fault: toFault(error) })))
  }
  return answers
})

async function read(question: PackageQuestion): Promise<PackageRead> {
  const { urlBase } = question
  if ('bytes' in question) {
    const { file, bytes } = question
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return { file, entry: await readWholePackage(file, whole, urlBase) }
  }
  const { fileName, path } = question
  const { file, bytes } = readFileNow(path, fileName, WHOLE_BYTES)
  if (bytes !== undefined) return { file, entry: await readWholePackage(file, bytes, urlBase) }
  const open = await openLocalFile(path, fileName)
  const { size, modifiedNs } = open
  return { file: { fileName, size, modifiedNs }, entry: await readPackage(open, urlBase) }
}

function toFault(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof StorageError) return { kind: 'storage', fault: error.fault, message }
  return { kind: error instanceof InvalidChart ? 'chart' : 'other', message }
}
