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

interface Rule {
  isValid: (value: string) => boolean
  /** What comes after "should". */
  rule: string
}

const SWITCH: Rule = {
  isValid: (value) => value === 'true' || value === 'false',
  rule: `only be 'true' or 'false'`,
}

const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical']

/**
 * The metadata that a project may have. `public`, `immutable` and `max_upload_size` have an effect here; the others are
 * Harbor's, and kept for clients that read them back.
 */
const RULES = new Map<string, Rule>([
  ['public', SWITCH],
  // no version is uploaded twice
  ['immutable', SWITCH],
  [
    'max_upload_size',
    {
      isValid: (value) => /^(?:-1|[1-9][0-9]{0,14})$/.test(value),
      rule: `be the bytes of an upload in digits, from '1', or '-1' for no limit`,
    },
  ],
  ['enable_content_trust', SWITCH],
  ['enable_content_trust_cosign', SWITCH],
  ['prevent_vul', SWITCH],
  ['auto_scan', SWITCH],
  ['auto_sbom_generation', SWITCH],
  ['reuse_sys_cve_allowlist', SWITCH],
  [
    'severity',
    { isValid: (value) => SEVERITIES.includes(value), rule: `be one of ${SEVERITIES.join(',')}` },
  ],
])

/**
 * The metadata among what a client sends with a project; what is unknown, or empty, is dropped.
 * @throws {BadRequest} with Harbor's texts.
 */
export function readMetadata(given: Readonly<Record<string, unknown>>): Map<string, string> {
  const metadata = new Map<string, string>()
  for (const name of RULES.keys()) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined || value === null || value === '') continue
    metadata.set(name, checkMetadata(name, value))
  }
  return metadata
}

/** @throws {BadRequest} that says the rule, for a name that is unknown too. */
export function checkMetadata(name: string, value: unknown): string {
  const known = RULES.get(name)
  if (known === undefined) {
    throw new BadRequest(`invalid key: ${name}, expected one of ${[...RULES.keys()].join(', ')}`)
  }
  if (typeof value === 'string' && known.isValid(value)) return value
  const got = typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
  throw new BadRequest(`metadata.${name} should ${known.rule}, but got: ${got}`)
}
