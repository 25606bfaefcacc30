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
  const places = readPlaces(file, installation)
  const known = places.size
  module.registerHooks({
    resolve: (specifier, context, next) => {
      // conditions tell `import` from `require`, and what Node was started with
      const key = `${context.parentURL} ${context.conditions} ${specifier}`
      const place = places.get(key)
      if (place !== undefined) return place
      const found = next(specifier, context)
      const { url, format } = found
      if (CODE.test(url)) places.set(key, { url, format, shortCircuit: true })
      return found
    },
  })
  process.on('exit', () => {
    if (places.size > known) writePlaces(file, { installation, places: [...places] })
  })
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
    return new Map(kept.installation === installation ? kept.places : [])
  } catch {
    return new Map()
  }
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
