import type { BigIntStats } from 'node:fs'
import {
  access,
  constants,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { basename, join } from 'node:path'
import { StartError } from '../../service/start-error.ts'
import { createDirectorySync } from './directory-sync.ts'
import { storing } from './local-errors.ts'
import { readJournal, removeJournal, writeJournal } from './local-journal.ts'
import { createLocalPaths, type LocalPaths } from './local-paths.ts'
import { finishPublication, type Move, publish } from './local-publish.ts'
import {
  createLocalSpool,
  createOwnerNames,
  isLocalSpool,
  listLeftovers,
  removeLeftovers,
} from './local-spool.ts'
import { isSafeSegment } from './path-segment.ts'
import {
  type NewFile,
  type OpenFile,
  type Storage,
  StorageError,
  type StoredFile,
} from './storage.ts'

/** Reads a 100 MiB file six times faster than with Node's 64 KiB (spec/libraries.md). */
const READ_CHUNK = 512 * 1024

/** Files at once while a listing is stat'ed; more only queue in libuv. */
const STAT_BATCH = 64

/**
 * A directory as storage. At the start publications that a crash interrupted are finished, and spools of processes
 * that are gone are removed.
 * @throws {StartError} when the directory cannot be written or cannot hold hard links.
 */
export async function createLocalStorage(root: string): Promise<Storage> {
  const paths = createLocalPaths(root)
  const syncDirectory = createDirectorySync()
  const nextName = createOwnerNames()
  await prepare(paths, nextName())

  const look = async (project: string, fileName: string): Promise<BigIntStats> => {
    const found = await stat(paths.file(project, fileName), { bigint: true })
    if (!found.isFile()) throw new StorageError('missing', `${fileName} not found`)
    return found
  }

  const describe = async (project: string, fileName: string): Promise<StoredFile> =>
    toStored(fileName, await look(project, fileName))

  const listNames = (project: string): Promise<string[]> =>
    storing(project, async () => {
      const entries = await readdir(paths.project(project), { withFileTypes: true })
      return entries
        .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && isSafeSegment(entry.name))
        .map((entry) => entry.name)
    }).catch(nothingWhenMissing<string>)

  const ensureProject = async (project: string): Promise<void> => {
    const created = await mkdir(paths.project(project), { recursive: true })
    if (created !== undefined) await syncDirectory(paths.root)
  }

  const backup = () => join(paths.spool, nextName())

  /** Writes down what is to happen before it happens: whoever finds the journal after a crash finishes it. */
  const putTogether = async (project: string, moves: Move[], overwrite: boolean) => {
    const journal = join(paths.journal, `${nextName()}.json`)
    const files = moves.map(({ fileName, spool }) => ({ fileName, spool: basename(spool) }))
    try {
      await writeJournal(journal, { project, overwrite, files })
      await syncDirectory(paths.journal)
      await publish(moves, overwrite, backup)
      await syncDirectory(paths.project(project))
    } finally {
      // All are in place, or have been taken back.
      await removeJournal(journal)
    }
  }

  return {
    listNames,
    list: async (project) => {
      const names = await listNames(project)
      const files: StoredFile[] = []
      for (let start = 0; start < names.length; start += STAT_BATCH) {
        const batch = names.slice(start, start + STAT_BATCH)
        const described = batch.map((name) =>
          // One that cannot be looked at (a link to itself) harms no other.
          describe(project, name).catch(() => undefined),
        )
        files.push(...(await Promise.all(described)).filter((file) => file !== undefined))
      }
      return files
    },
    stat: (project, fileName) =>
      storing(fileName, async () => {
        const found = await look(project, fileName)
        return { ...toStored(fileName, found), tag: tagOf(found) }
      }),
    get: (project, fileName) =>
      storing(fileName, () => openFile(paths.file(project, fileName), fileName)),
    createSpool: () => storing('upload', () => createLocalSpool(join(paths.spool, nextName()))),
    put: (project, files, overwrite) =>
      storing(project, async () => {
        await ensureProject(project)
        const moves = files.map((file) => toMove(paths, project, file))
        if (moves.length > 1) {
          await putTogether(project, moves, overwrite)
        } else {
          await publish(moves, overwrite, backup)
          await syncDirectory(paths.project(project))
        }
        return Promise.all(files.map((file) => describe(project, file.fileName)))
      }),
    delete: (project, fileName) =>
      storing(fileName, async () => {
        await unlink(paths.file(project, fileName))
        await syncDirectory(paths.project(project))
      }),
    putDerived: (project, fileName, content) =>
      storing(fileName, async () => {
        const spool = join(paths.spool, nextName())
        try {
          await writeFile(spool, content)
          await rename(spool, paths.file(project, fileName))
        } catch (error) {
          await rm(spool, { force: true })
          throw error
        }
      }),
    revision: async (project) => {
      const found = await stat(paths.project(project), { bigint: true }).catch(() => undefined)
      if (found === undefined) return undefined
      return { mark: `${found.ino}-${found.mtimeNs}`, changedMs: Number(found.mtimeMs) }
    },
  }
}

async function prepare(paths: LocalPaths, probe: string): Promise<void> {
  try {
    await mkdir(paths.root, { recursive: true })
    // Asked first: a recursive mkdir says of a read-only file system that it is not there.
    await access(paths.root, constants.W_OK)
    await mkdir(paths.spool, { recursive: true })
    await mkdir(paths.journal, { recursive: true })
    await writeFile(join(paths.spool, probe), '')
    await link(join(paths.spool, probe), join(paths.spool, `${probe}.link`))
    await rm(join(paths.spool, `${probe}.link`))
    await rm(join(paths.spool, probe))
  } catch (error) {
    throw new StartError(
      `the chart directory ${paths.root} cannot be used (${(error as Error).message}): ` +
        'it must be writable by this user and on a file system with hard links',
      { cause: error },
    )
  }
  await finishInterrupted(paths)
  await removeLeftovers(paths.spool)
}

async function finishInterrupted(paths: LocalPaths): Promise<void> {
  for (const name of await listLeftovers(paths.journal)) {
    const journal = join(paths.journal, name)
    const publication = await readJournal(journal)
    if (publication !== undefined) {
      const moves = publication.files.map(({ fileName, spool }) => ({
        fileName,
        spool: join(paths.spool, spool),
        target: paths.file(publication.project, fileName),
      }))
      await finishPublication(moves, publication.overwrite)
    }
    await removeJournal(journal)
  }
}

function toMove(paths: LocalPaths, project: string, { fileName, spool }: NewFile): Move {
  if (!isLocalSpool(spool)) throw new TypeError('a spool of another storage')
  return { fileName, spool: spool.path, target: paths.file(project, fileName) }
}

async function openFile(path: string, fileName: string): Promise<OpenFile> {
  // Without O_NONBLOCK a named pipe would keep a thread of libuv's pool until somebody writes to it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = await handle.stat({ bigint: true })
    if (!found.isFile()) throw new StorageError('missing', `${fileName} not found`)
    const size = Number(found.size)
    return {
      ...toStored(fileName, found),
      tag: tagOf(found),
      stream: (range) =>
        handle.createReadStream({
          highWaterMark: READ_CHUNK,
          // No more than was announced, should somebody append to the file meanwhile.
          ...(range ?? (size > 0 ? { start: 0, end: size - 1 } : {})),
          autoClose: true,
        }),
      read: () => storing(fileName, () => readWhole(handle, size)),
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function toStored(fileName: string, { size, mtimeNs }: BigIntStats): StoredFile {
  return { fileName, size: Number(size), modifiedNs: mtimeNs }
}

/**
 * Two overwrites within one tick of the kernel's clock have one time, and each a file of its own. Not told in listings:
 * where a file system does not keep these numbers, all packages would be read at every comparison.
 */
function tagOf({ ino }: BigIntStats): string {
  return ino.toString(16)
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
