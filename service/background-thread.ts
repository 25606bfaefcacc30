import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'

/** As `nice` has them: 0 is everybody's, 19 is for what nobody waits for. */
const NICENESS = 10

/**
 * To be called in a worker thread: where processors are few, the threads that answer requests come first. Linux has a
 * priority for each thread; elsewhere the thread stays as it is.
 */
export function becomeBackgroundThread(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICENESS)
  } catch {
    // a container without /proc: it works all the same
  }
}

/**
 * The same for the threads with which V8 collects garbage beside the program. On one processor they would take turns with it:
 * marking the heap of a large index made neighbours wait twice as long.
 */
export function lowerEngineThreads(): void {
  if (process.platform !== 'linux') return
  try {
    for (const id of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${id}/comm`, 'utf8')
      if (name.startsWith('V8Worker')) setPriority(Number(id), NICENESS)
    }
  } catch {
    // as above
  }
}
