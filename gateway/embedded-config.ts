import { join } from 'node:path'
import { type ChartstoreConfig, loadChartstoreConfig } from '../chartstore/config/config.ts'
import type { Env } from '../service/env.ts'

/** ChartMuseum's settings as the embedded store reads them: storage under DATA_DIR unless told otherwise. @throws {ConfigError} */
export function loadEmbeddedConfig(env: Env, dataDir: string): ChartstoreConfig {
  return loadChartstoreConfig(env, join(dataDir, 'charts'))
}
