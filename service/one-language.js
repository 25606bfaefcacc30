// JavaScript, as code-cache.js is, by which it is loaded.
import module from 'node:module'

/** From within zod. */
const ALL = '../locales/index.js'
const ENGLISH = '../locales/en.js'
const ZOD = /\/zod\/v4\/\w+\/\w+\.js$/

/**
 * zod has its messages in some 60 languages, a file each, and imports all of them, however little of it is imported. They are two
 * thirds of loading it. It speaks English where nobody tells it otherwise, and here nobody does.
 */
export function loadOneLanguage() {
  // the hooks came with Node 22.15
  module.registerHooks?.({
    resolve: (specifier, context, next) => {
      const isAll = specifier === ALL && ZOD.test(context.parentURL)
      return next(isAll ? ENGLISH : specifier, context)
    },
  })
}
