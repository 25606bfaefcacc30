import { answerQuestions } from '../../service/worker-answers.ts'
import { InvalidChart } from '../chart/chart-error.ts'
import { readFileNow } from '../storage/local-file-now.ts'
import { openLocalFile } from '../storage/local-reader.ts'
import { StorageError } from '../storage/storage.ts'
import type { IndexEntry } from './entry.ts'
import {
  type Fault,
  type PackageAnswers,
  type PackageQuestion,
  type PackageRead,
  WHOLE_BYTES,
} from './package-threads.ts'
import { packEntries } from './packed-entries.ts'
import { readPackage, readWholePackage } from './read-package.ts'

answerQuestions(async (questions: readonly PackageQuestion[]): Promise<PackageAnswers> => {
  const files: PackageAnswers['files'] = []
  const entries: IndexEntry[] = []
  for (const question of questions) {
    try {
      const { file, entry } = await read(question)
      files.push(file)
      entries.push(entry)
    } catch (error) {
      files.push({ fault: toFault(error) })
    }
  }
  return { files, entries: packEntries(entries, false) }
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
