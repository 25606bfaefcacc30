import { BadRequest } from '../http/errors.ts'

const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/

/** @throws {BadRequest} with Harbor's texts. */
export function checkProjectName(name: string): void {
  if (name.length < 1 || name.length > 255) {
    throw new BadRequest(
      `Project name ${name} is illegal in length. (greater than 255 or less than 1)`,
    )
  }
  if (!NAME.test(name)) {
    throw new BadRequest('project name is not in lower case or contains illegal characters')
  }
}

/** Harbor's switches. Only `public` has an effect here; the others are kept for clients that read them back. */
const SWITCHES = [
  'public',
  'enable_content_trust',
  'enable_content_trust_cosign',
  'prevent_vul',
  'auto_scan',
  'auto_sbom_generation',
  'reuse_sys_cve_allowlist',
]

const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical']

/**
 * The metadata that Harbor knows, of what a client sends; the rest is dropped.
 * @throws {BadRequest} with Harbor's texts.
 */
export function readMetadata(given: Readonly<Record<string, unknown>>): Map<string, string> {
  const metadata = new Map<string, string>()
  for (const name of [...SWITCHES, 'severity']) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined || value === null || value === '') continue
    metadata.set(name, checkMetadata(name, value))
  }
  return metadata
}

function checkMetadata(name: string, value: unknown): string {
  const allowed = name === 'severity' ? SEVERITIES : ['true', 'false']
  if (typeof value === 'string' && allowed.includes(value)) return value
  const choice = name === 'severity' ? `be one of ${SEVERITIES}` : `only be 'true' or 'false'`
  throw new BadRequest(`metadata.${name} should ${choice}, but got: '${value}'`)
}
