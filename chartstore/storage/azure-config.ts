import { z } from 'zod'
import { type Env, parseEnv } from '../../service/env.ts'

/** A container of Azure Blob Storage. */
export interface AzureConfig {
  kind: 'microsoft'
  container: string
  /** In front of every project, without slashes at its ends; empty: none. */
  prefix: string
  account: string
  /** Base64. */
  key: string
  /** Of the account, without a slash at the end. */
  serviceUrl: string
}

/** ChartMuseum's names (spec/chartmuseum.md 3.2). */
const azureSchema = z.object({
  STORAGE_MICROSOFT_CONTAINER: z.string().default(''),
  STORAGE_MICROSOFT_PREFIX: z.string().default(''),
  AZURE_STORAGE_ACCOUNT: z.string().default(''),
  AZURE_STORAGE_ACCESS_KEY: z.string().default(''),
  AZURE_BASE_URL: z.string().default('core.windows.net'),
})

/** @throws {ConfigError} with every fault. */
export function loadAzureConfig(env: Env): AzureConfig {
  const required = {
    STORAGE_MICROSOFT_CONTAINER: 'the container that charts are kept in',
    AZURE_STORAGE_ACCOUNT: 'the name of the storage account',
    AZURE_STORAGE_ACCESS_KEY: 'a key of the storage account',
  }
  const faults = Object.entries(required)
    .filter(([name]) => !env[name])
    .map(([name, meaning]) => `${name} is required: ${meaning}`)
  const parsed = parseEnv(azureSchema, env, faults)
  const { AZURE_STORAGE_ACCOUNT: account, AZURE_BASE_URL: base } = parsed
  return {
    kind: 'microsoft',
    container: parsed.STORAGE_MICROSOFT_CONTAINER,
    prefix: parsed.STORAGE_MICROSOFT_PREFIX.replace(/^\/+|\/+$/g, ''),
    account,
    key: parsed.AZURE_STORAGE_ACCESS_KEY,
    // A whole URL is that of another server, such as Azurite.
    serviceUrl: /^https?:\/\//.test(base)
      ? base.replace(/\/+$/, '')
      : `https://${account}.blob.${base}`,
  }
}
