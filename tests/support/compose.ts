import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { load } from 'js-yaml'
import { PROJECT_FOLDER } from './project-folder.ts'

/** What tests read of a service in docker-compose.yml. */
export interface ComposeService {
  image: string
  user?: string
  restart?: string
  read_only?: boolean
  cap_drop?: string[]
  environment?: Record<string, string | number>
  healthcheck?: unknown
  networks: string[]
  ports?: string[]
  volumes?: string[]
}

const TEXT = readFileSync(join(PROJECT_FOLDER, 'docker-compose.yml'), 'utf8')

export function readComposeServices(): Record<string, ComposeService> {
  const { services } = mergeKeys(load(TEXT)) as { services: Record<string, ComposeService> }
  return services
}

/** `<<` of YAML 1.1, which js-yaml leaves as it stands and Compose reads. */
function mergeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mergeKeys)
  if (typeof value !== 'object' || value === null) return value
  const { '<<': merged, ...own } = Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, mergeKeys(part)]),
  )
  return { ...(merged as object | undefined), ...own }
}

/** The environment of a service, with the variables filled in. */
export function composeEnvironment(
  service: string,
  variables: Record<string, string>,
): Record<string, string> {
  const environment = readComposeServices()[service]?.environment ?? {}
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      String(value).replace(VARIABLE, (_, variable, byDefault) => {
        return variables[variable] ?? byDefault ?? ''
      }),
    ]),
  )
}

const VARIABLE = /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}/g

export function composeVariables(): Set<string> {
  return new Set([...TEXT.matchAll(VARIABLE)].map(([, name]) => name ?? ''))
}

/** The variables that docker-compose.yml refuses to start without. */
export function requiredComposeVariables(): Set<string> {
  return new Set([...TEXT.matchAll(/\$\{(\w+):\?[^}]*\}/g)].map(([, name]) => name ?? ''))
}

export function exampleVariables(): Record<string, string | undefined> {
  return parseEnv(readFileSync(join(PROJECT_FOLDER, '.env.example'), 'utf8'))
}
