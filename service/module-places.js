// JavaScript, as code-cache.js is, by which it is loaded.
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'

const NAME = 'module-places.json'

/** Written by npm whenever it changes what is installed. */
const INSTALLED = new URL('../node_modules/.package-lock.json', import.meta.url)

/** Code alone: of other files Node decides anew what they are. */
const CODE = /^file:.*\.[cm]?[jt]s$/

/**
 * Tells Node where it has found each module at the last start: to look for a thousand of them is a third of loading them. The
 * files themselves are read as ever. An import tells the whole path of a file of ours, and what is below node_modules stays where
 * it is until npm runs: then all is looked for anew.
 */
export function keepModulePlaces(folder) {
  const installation = describeInstallation()
  // the hooks came with Node 22.15
  if (installation === undefined || module.registerHooks === undefined) return
  const file = join(folder, NAME)
  /** By the conditions, which tell `import` from `require` and what Node was started with; then by who asks, and for what. */
  const places = readPlaces(file, installation)
  /** The same by the array that Node has of them, for all modules the same one: to write them out costs more than to look. */
  const byConditions = new WeakMap()
  let isMore = false

  const placesFor = (conditions) => {
    const known = byConditions.get(conditions) ?? getOrMake(places, String(conditions))
    byConditions.set(conditions, known)
    return known
  }
  module.registerHooks({
    resolve: (specifier, context, next) => {
      const known = placesFor(context.conditions)
      // the program itself is asked for by nobody
      const { parentURL = '' } = context
      const place = known.get(parentURL)?.get(specifier)
      if (place !== undefined) return place
      const found = next(specifier, context)
      const { url, format } = found
      if (CODE.test(url)) {
        getOrMake(known, parentURL).set(specifier, { url, format, shortCircuit: true })
        isMore = true
      }
      return found
    },
  })
  process.on('exit', () => {
    if (isMore) writePlaces(file, { installation, places: toLists(places, 2) })
  })
}

function getOrMake(maps, key) {
  const known = maps.get(key) ?? new Map()
  maps.set(key, known)
  return known
}

/** What decides where modules are; undefined where that cannot be told. */
function describeInstallation() {
  try {
    const { ino, size, mtimeMs } = statSync(INSTALLED)
    return JSON.stringify([INSTALLED.href, ino, size, mtimeMs])
  } catch {
    return undefined
  }
}

function readPlaces(file, installation) {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8'))
    return toMaps(kept.installation === installation ? kept.places : [], 2)
  } catch {
    return new Map()
  }
}

/** JSON knows no maps. @param depth how many more are within each. */
function toLists(maps, depth) {
  return depth === 0 ? [...maps] : [...maps].map(([key, map]) => [key, toLists(map, depth - 1)])
}

function toMaps(lists, depth) {
  return new Map(depth === 0 ? lists : lists.map(([key, list]) => [key, toMaps(list, depth - 1)]))
}

function writePlaces(file, kept) {
  try {
    const half = `${file}.${process.pid}`
    writeFileSync(half, JSON.stringify(kept), { mode: 0o600 })
    renameSync(half, file)
  } catch {
    // the next start looks for them again
  }
}
