import { PROJECT_PERMISSIONS, SYSTEM_PERMISSIONS } from '../access/permissions.ts'
import { BadRequest } from '../http/errors.ts'

/** One resource and action, as the API writes it. */
export interface Access {
  resource: string
  action: string
}

const ACTIONS = new Set([
  'create',
  'read',
  'update',
  'delete',
  'list',
  'push',
  'pull',
  'stop',
  'operate',
])

/**
 * What Harbor's clients also ask for. What is not a permission of ours too has no effect here, but a robot that was written
 * down for Harbor (in Terraform, for one) can be made, and reads back as it was written.
 */
const OTHER_PROJECT_RESOURCES = [
  'accessory',
  'artifact',
  'artifact-addition',
  'artifact-label',
  'configuration',
  'export-cve',
  'immutable-tag',
  'log',
  'member',
  'metadata',
  'notification-policy',
  'preheat-policy',
  'project',
  'quota',
  'repository',
  'robot',
  'sbom',
  'scan',
  'scanner',
  'tag',
  'tag-retention',
]

const SYSTEM_RESOURCES = [
  'audit-log',
  'catalog',
  'export-cve',
  'garbage-collection',
  'jobservice-monitor',
  'label',
  'ldap-user',
  'preheat-instance',
  'project',
  'purge-audit',
  'quota',
  'registry',
  'replication',
  'replication-adapter',
  'replication-policy',
  'robot',
  'scan-all',
  'scanner',
  'security-hub',
  'system-volumes',
  'user',
  'user-group',
]

const KNOWN = {
  project: new Set<string>([...PROJECT_PERMISSIONS, ...combine(OTHER_PROJECT_RESOURCES)]),
  system: new Set<string>([...SYSTEM_PERMISSIONS, ...combine(SYSTEM_RESOURCES)]),
} as const

function combine(resources: readonly string[]): string[] {
  return resources.flatMap((resource) => [...ACTIONS].map((action) => `${resource}:${action}`))
}

/** Whether Chartgate or Harbor knows it. */
export function isKnownAccess(kind: 'project' | 'system', { resource, action }: Access): boolean {
  return KNOWN[kind].has(`${resource}:${action}`)
}

/** @throws {BadRequest} for what neither Chartgate nor Harbor knows: a misspelt permission would silently give nothing. */
export function checkAccess(kind: 'project' | 'system', access: Access): void {
  if (isKnownAccess(kind, access)) return
  const { resource, action } = access
  throw new BadRequest(`bad request permission: ${resource}:${action}`)
}
