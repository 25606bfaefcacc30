import { link, rename, stat, unlink } from 'node:fs/promises'
import { storing } from './local-errors.ts'

/** One file to publish: from its spool to its place. */
export interface Move {
  fileName: string
  spool: string
  target: string
}

/**
 * Puts all files in their places, or none. Without `overwrite` a link decides who comes first, and the spool stays for
 * its owner to discard.
 * @param backup names a path in the spool folder for the old version of a file, until all are in place.
 */
export async function publish(
  moves: readonly Move[],
  overwrite: boolean,
  backup: (move: Move) => string,
): Promise<void> {
  if (overwrite) await replaceAll(moves, backup)
  else await linkAll(moves)
}

async function linkAll(moves: readonly Move[]): Promise<void> {
  const linked: Move[] = []
  try {
    for (const move of moves) {
      await storing(move.fileName, () => link(move.spool, move.target))
      linked.push(move)
    }
  } catch (error) {
    for (const move of linked) await unlink(move.target)
    throw error
  }
}

async function replaceAll(moves: readonly Move[], backup: (move: Move) => string): Promise<void> {
  const [only] = moves
  if (only !== undefined && moves.length === 1) {
    await storing(only.fileName, () => rename(only.spool, only.target))
    return
  }
  const undo: (() => Promise<void>)[] = []
  const backups: string[] = []
  try {
    for (const move of moves) {
      const old = backup(move)
      const replaces = await linkIfThere(move.target, old)
      if (replaces) backups.push(old)
      await storing(move.fileName, () => rename(move.spool, move.target))
      undo.push(() => (replaces ? rename(old, move.target) : unlink(move.target)))
    }
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  } finally {
    await Promise.all(backups.map((path) => unlink(path).catch(() => undefined)))
  }
}

async function linkIfThere(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/**
 * Finishes a publication that a crash interrupted. A spool that is gone is in its place already. Where another file
 * holds a place that was to be taken by exclusive create, all is taken back.
 */
export async function finishPublication(moves: readonly Move[], overwrite: boolean): Promise<void> {
  const states = await Promise.all(moves.map(async (move) => ({ move, at: await locate(move) })))
  if (overwrite) {
    for (const { move, at } of states) {
      if (at !== 'no spool') await rename(move.spool, move.target)
    }
    return
  }
  const refused = states.some(({ at }) => at === 'place taken')
  for (const { move, at } of states) {
    if (refused && at === 'in place') await unlink(move.target)
    if (!refused && at === 'spool only') await link(move.spool, move.target)
    if (at !== 'no spool') await unlink(move.spool)
  }
}

async function locate(move: Move): Promise<'no spool' | 'spool only' | 'in place' | 'place taken'> {
  const [spool, target] = await Promise.all([inode(move.spool), inode(move.target)])
  if (spool === undefined) return 'no spool'
  if (target === undefined) return 'spool only'
  return spool === target ? 'in place' : 'place taken'
}

async function inode(path: string): Promise<bigint | undefined> {
  return stat(path, { bigint: true }).then(
    ({ ino }) => ino,
    () => undefined,
  )
}
