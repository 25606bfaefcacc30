import type { Env } from '../../service/env.ts'
import { readConfigFile } from './config-file.ts'
import { parseFlags, type Wish } from './flags.ts'

export interface Settings {
  wish: Wish
  /** Flags over environment over file, by the names of the variables. */
  env: Env
}

/** All settings of a store that runs alone, wherever they were given. @throws {ConfigError} */
export function readSettings(args: readonly string[], env: Env): Settings {
  const { wish, values } = parseFlags(args)
  const path = values.CONFIG || env.CONFIG
  const file = path ? readConfigFile(path) : {}
  const given = Object.entries(env).filter(([, value]) => value !== '')
  return { wish, env: { ...file, ...Object.fromEntries(given), ...values, CONFIG: undefined } }
}
