import { type Dirent, opendirSync } from 'node:fs'
import { constants, type FileHandle, open, opendir, readdir, stat } from 'node:fs/promises'
import { inSlices } from '../slices.ts'
import { storing } from './local-errors.ts'
import { toStoredFile } from './local-file-now.ts'
import type { LocalPaths } from './local-paths.ts'
import { isOnOwnDisk } from './own-disk.ts'
import { isSafeSegment } from './path-segment.ts'
import { lookerIn, statFiles } from './stat-files.ts'
import { type OpenFile, type Storage, StorageError, type StorageReader } from './storage.ts'

/** Reads a 100 MiB file six times faster than with Node's 64 KiB (spec/libraries.md). */
const READ_CHUNK = 512 * 1024

/** Names that are taken from a folder in one step: of a large one they come in pieces, so that nobody waits for all. */
const AT_ONCE = { bufferSize: 512 }

type LocalReader = StorageReader & Required<Pick<Storage, 'localPath' | 'lookNow'>>

/** What is in a directory of projects. Nothing is written there, and it need not be ours. */
export function createLocalReader(paths: LocalPaths): LocalReader {
  const listNames = (project: string): Promise<string[]> =>
    storing(project, async () => {
      const folder = paths.project(project)
      const names: string[] = []
      const note = (entry: Dirent) => {
        const isFile = entry.isFile() || entry.isSymbolicLink()
        if (isFile && isSafeSegment(entry.name)) names.push(entry.name)
      }
      if (await isOnOwnDisk(folder)) await inSlices(entriesNow(folder), note)
      else for await (const entry of await opendir(folder, AT_ONCE)) note(entry)
      return names
    }).catch(nothingWhenMissing<string>)

  return {
    listNames,
    lookNow: (project) => lookerIn(paths.project(project)).catch(() => undefined),
    list: async (project) => statFiles(paths.project(project), await listNames(project)),
    stat: (project, fileName) =>
      storing(fileName, async () => {
        const found = await stat(paths.file(project, fileName), { bigint: true })
        return toStoredFile(fileName, found)
      }),
    get: (project, fileName) => openLocalFile(paths.file(project, fileName), fileName),
    localPath: paths.file,
  }
}

/** What is in a folder, for half of what a thread of libuv's pool would make it. */
function* entriesNow(path: string): Generator<Dirent> {
  const folder = opendirSync(path, AT_ONCE)
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) yield entry
  } finally {
    folder.closeSync()
  }
}

/** The folders of a directory of projects that could be one each. */
export function listProjectFolders(root: string): Promise<string[]> {
  return storing(root, async () => {
    const entries = await readdir(root, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && isSafeSegment(entry.name))
      .map((entry) => entry.name)
  })
}

export function openLocalFile(path: string, fileName: string): Promise<OpenFile> {
  return storing(fileName, () => openFile(path, fileName))
}

async function openFile(path: string, fileName: string): Promise<OpenFile> {
  // Without O_NONBLOCK a named pipe would keep a thread of libuv's pool until somebody writes to it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const file = toStoredFile(fileName, await handle.stat({ bigint: true }))
    const { size } = file
    return {
      ...file,
      stream: (range) =>
        handle.createReadStream({
          highWaterMark: READ_CHUNK,
          // No more than was announced, should somebody append to the file meanwhile.
          ...(range ?? (size > 0 ? { start: 0, end: size - 1 } : {})),
          autoClose: true,
        }),
      read: () => storing(fileName, () => readWhole(handle, size)),
      readInto: async (buffer, position) =>
        (await handle.read(buffer, 0, buffer.length, position)).bytesRead,
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readWhole(handle: FileHandle, size: number): Promise<Buffer> {
  try {
    const bytes = await handle.readFile()
    if (bytes.length === size) return bytes
    throw new StorageError('unavailable', 'the file was changed while it was read: try again')
  } finally {
    await handle.close()
  }
}

function nothingWhenMissing<Item>(error: unknown): Item[] {
  if (error instanceof StorageError && error.fault === 'missing') return []
  throw error
}
