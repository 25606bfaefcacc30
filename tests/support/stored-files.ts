import { buffer } from 'node:stream/consumers'
import type {
  NewFile,
  Storage,
  StorageError,
  StoredFile,
} from '../../chartstore/storage/storage.ts'

/** Publishes files of these contents by their names. */
export async function putFiles(
  storage: Storage,
  project: string,
  contents: Record<string, string | Buffer>,
  overwrite = false,
): Promise<StoredFile[]> {
  const files = await Promise.all(
    Object.entries(contents).map(([name, content]) => spool(storage, name, content)),
  )
  try {
    return await storage.put(project, files, overwrite)
  } finally {
    await Promise.all(files.map((file) => file.spool.discard()))
  }
}

async function spool(
  storage: Storage,
  fileName: string,
  content: string | Buffer,
): Promise<NewFile> {
  const file = await storage.createSpool()
  await file.write(Buffer.from(content))
  await file.finish()
  return { fileName, spool: file }
}

export async function readStored(
  storage: Storage,
  project: string,
  fileName: string,
): Promise<string> {
  const file = await storage.get(project, fileName)
  return (await buffer(file.stream())).toString()
}

export async function storedNames(storage: Storage, project: string): Promise<string[]> {
  return (await storage.listNames(project)).sort()
}

/** For assert.rejects. */
export function fault(kind: StorageError['fault']) {
  return (error: StorageError) => error.fault === kind
}
