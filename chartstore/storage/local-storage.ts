import { access, constants, link, mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { StartError } from '../../service/start-error.ts'
import { createDirectorySync } from './directory-sync.ts'
import { storing } from './local-errors.ts'
import { readJournal, removeJournal, writeJournal } from './local-journal.ts'
import { createLocalMarks } from './local-marks.ts'
import { createLocalPaths, type LocalPaths } from './local-paths.ts'
import { finishPublication, type Move, publish } from './local-publish.ts'
import { createLocalReader } from './local-reader.ts'
import {
  createLocalSpool,
  isLocalSpool,
  listLeftovers,
  nextOwnerName,
  removeLeftovers,
} from './local-spool.ts'
import type { NewFile, Storage } from './storage.ts'

/**
 * A directory as storage. At the start publications that a crash interrupted are finished, and spools of processes
 * that are gone are removed.
 * @throws {StartError} when the directory cannot be written or cannot hold hard links.
 */
export async function createLocalStorage(root: string): Promise<Storage> {
  const paths = createLocalPaths(root)
  const syncDirectory = createDirectorySync()
  await prepare(paths, nextOwnerName())

  const reader = createLocalReader(paths)
  const marks = await createLocalMarks(paths)

  const ensureProject = async (project: string): Promise<void> => {
    const created = await mkdir(paths.project(project), { recursive: true })
    if (created !== undefined) await syncDirectory(paths.root)
  }

  const backup = () => join(paths.spool, nextOwnerName())

  /** Writes down what is to happen before it happens: whoever finds the journal after a crash finishes it. */
  const putTogether = async (project: string, moves: Move[], overwrite: boolean) => {
    const journal = join(paths.journal, `${nextOwnerName()}.json`)
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
    ...reader,
    ...marks,
    createSpool: () =>
      storing('upload', () => createLocalSpool(join(paths.spool, nextOwnerName()))),
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
        return Promise.all(files.map((file) => reader.stat(project, file.fileName)))
      }),
    delete: (project, fileName) =>
      storing(fileName, async () => {
        await unlink(paths.file(project, fileName))
        await syncDirectory(paths.project(project))
      }),
    putDerived: (project, fileName, content) =>
      storing(fileName, async () => {
        const spool = join(paths.spool, nextOwnerName())
        try {
          await writeFile(spool, content)
          await rename(spool, paths.file(project, fileName))
        } catch (error) {
          await rm(spool, { force: true })
          throw error
        }
      }),
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
