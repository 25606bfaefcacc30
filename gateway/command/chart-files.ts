import {
  type Finding,
  type IndexedPackage,
  verifyProject,
} from '../../chartstore/maintenance/verify-project.ts'
import { describeStorage, openStorageReader } from '../../chartstore/storage/open-storage.ts'
import { StorageError, type StorageReader } from '../../chartstore/storage/storage.ts'
import type { StorageConfig } from '../../chartstore/storage/storage-config.ts'
import type { Env } from '../../service/env.ts'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import type { GatewayConfig } from '../config.ts'
import { loadEmbeddedConfig } from '../embedded-chartstore.ts'
import { ServiceUnavailable } from '../http/errors.ts'

export type { Finding, IndexedPackage }

/** The files of the chart store, beside whatever store is at work on them. */
export interface ChartFiles {
  /** Where they are, for people. */
  name: string
  verify: (
    options: Omit<Parameters<typeof verifyProject>[0], 'storage'>,
  ) => Promise<{ packages: number; findings: Finding[] }>
}

/** @throws {StartError} */
export async function openChartFiles(
  config: GatewayConfig,
  env: Env,
  log: Logger,
): Promise<ChartFiles> {
  const place = findStorage(config, env)
  const storage: StorageReader = await openStorageReader(place, log)
  return {
    name: describeStorage(place),
    verify: (options) => asking(() => verifyProject({ ...options, storage })),
  }
}

/** The same that the store has. One behind CHARTSTORE_URL does not tell: the default is not where its charts are. */
function findStorage({ chartstore, dataDir }: GatewayConfig, env: Env): StorageConfig {
  if (chartstore !== undefined && !env.STORAGE && !env.STORAGE_LOCAL_ROOTDIR) {
    throw new StartError(
      `the charts are at ${chartstore.url}, and where its files are is not known: set STORAGE and what belongs to it ` +
        '(STORAGE_LOCAL_ROOTDIR …) as the chart store has them',
    )
  }
  return loadEmbeddedConfig(env, dataDir).storage
}

async function asking<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof StorageError) throw new ServiceUnavailable(error.message, error)
    throw error
  }
}
