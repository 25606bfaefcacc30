// JavaScript, and loaded before all else: what is loaded earlier, TypeScript above all, is compiled anew at every start.
import { constants, fstatSync, mkdirSync, openSync, statSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { basename, join } from 'node:path'
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'
import { keepModulePlaces } from './module-places.js'
import { loadOneLanguage } from './one-language.js'

const NAME = 'code-cache'

/** When a start is over. */
const TIDIED_AFTER_MS = 5000

/** Of one installation there are some 1,500. */
const MAX_FILES = 6000

/** The folders that Node makes: one for each version of itself, processor and user. */
const FOLDER_OF_NODE = /^v\d+\.\d+\.\d+-/

/**
 * Has Node keep what it compiles in `DATA_DIR/code-cache`, for the next start. Whatever is in there is run: it must be a folder
 * that nobody else can write to, and it is held by a descriptor, so that who may rename it puts no other one in its
 * place. Node writes as the process ends: earlier it would hold up requests. Without it all works, only slower to start:
 * nothing is said. Who has set NODE_COMPILE_CACHE or NODE_DISABLE_COMPILE_CACHE is obeyed.
 */
function keepCompiledCode() {
  if (process.env.NODE_DISABLE_COMPILE_CACHE || getCompileCacheDir() !== undefined) return
  const folder = isMainThread
    ? openPrivateFolder(process.env.DATA_DIR || 'data')
    : getEnvironmentData(NAME)
  if (folder === undefined) return
  enableCompileCache(folder)
  const current = getCompileCacheDir()
  if (!isMainThread || current === undefined) return
  // a thread's own descriptors end before it has written
  setEnvironmentData(NAME, folder)
  keepModulePlaces(current)
  setTimeout(() => removeOld(folder, basename(current)), TIDIED_AFTER_MS).unref()
}

/**
 * @returns a name of it that stays with it, as only Linux has them; undefined where there is none to be trusted: no DATA_DIR yet, a
 * read-only one, a folder of another user or one that others may enter.
 */
function openPrivateFolder(dataDir) {
  try {
    const path = join(dataDir, NAME)
    makeFolder(dataDir, path)
    const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants
    const descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    const { uid, mode } = fstatSync(descriptor)
    const isPrivate = uid === process.getuid() && (mode & 0o077) === 0
    return isPrivate ? `/proc/self/fd/${descriptor}` : undefined
  } catch {
    return undefined
  }
}

/** Not by root in somebody's DATA_DIR: its owner could not use it. */
function makeFolder(dataDir, path) {
  if (process.getuid() === 0 && statSync(dataDir).uid !== 0) return
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
}

/** What another Node has left, and everything where code of many installations has come together. */
async function removeOld(folder, current) {
  try {
    for (const name of await readdir(folder)) {
      const isOld = name !== current || (await readdir(join(folder, name))).length > MAX_FILES
      if (isOld && FOLDER_OF_NODE.test(name)) await rm(join(folder, name), { recursive: true })
    }
  } catch {
    // another process does the same
  }
}

// the hook that comes last is asked first: what it knows, no other is asked for
loadOneLanguage()
keepCompiledCode()
