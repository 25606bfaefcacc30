/** Harbor's role ids, as members carry them. */
export const ROLE = {
  projectAdmin: 1,
  developer: 2,
  guest: 3,
  maintainer: 4,
  limitedGuest: 5,
} as const

export type RoleId = (typeof ROLE)[keyof typeof ROLE]

/** The most powerful first. */
export const ROLES_BY_POWER: readonly RoleId[] = [
  ROLE.projectAdmin,
  ROLE.maintainer,
  ROLE.developer,
  ROLE.guest,
  ROLE.limitedGuest,
]

const READ_CHARTS = [
  'helm-chart:read',
  'helm-chart:list',
  'helm-chart-version:read',
  'helm-chart-version:list',
] as const

const CREATE_CHARTS = ['helm-chart:create', 'helm-chart-version:create'] as const

const DELETE_CHARTS = ['helm-chart:delete', 'helm-chart-version:delete'] as const

const READ_LABELS = ['label:read', 'label:list'] as const

const LABEL_CHARTS = [
  'helm-chart-version-label:list',
  'helm-chart-version-label:create',
  'helm-chart-version-label:delete',
] as const

const CHANGE_LABELS = ['label:create', 'label:update', 'label:delete'] as const

const SEE_PEOPLE = ['member:read', 'member:list', 'robot:read', 'robot:list', 'log:list'] as const

const SEE_METADATA = ['metadata:read', 'metadata:list'] as const

/** Metadata too: by them a maintainer once decided who sees the project (GHSA-hw28-333w-qxp3). */
const ADMINISTER = [
  'project:update',
  'project:delete',
  'metadata:create',
  'metadata:update',
  'metadata:delete',
  'member:create',
  'member:update',
  'member:delete',
  'robot:create',
  'robot:update',
  'robot:delete',
] as const

/** Every permission of a project: resource and action in the words of Harbor's RBAC, as robots are granted them. */
export const PROJECT_PERMISSIONS = [
  'project:read',
  ...READ_CHARTS,
  ...CREATE_CHARTS,
  ...DELETE_CHARTS,
  ...READ_LABELS,
  ...LABEL_CHARTS,
  ...CHANGE_LABELS,
  ...SEE_PEOPLE,
  ...SEE_METADATA,
  'quota:read',
  ...ADMINISTER,
] as const

/** What may be done with the system as a whole: by system admins, and by robots of the system that are granted it. */
export const SYSTEM_PERMISSIONS = [
  'project:create',
  'project:list',
  'user:create',
  'user:read',
  'user:list',
  'user:update',
  'user:delete',
  'user-group:create',
  'user-group:read',
  'user-group:list',
  'user-group:update',
  'user-group:delete',
  'robot:read',
  'robot:list',
  'audit-log:list',
] as const

export type SystemPermission = (typeof SYSTEM_PERMISSIONS)[number]

export type ProjectPermission = (typeof PROJECT_PERMISSIONS)[number]

const KNOWN: ReadonlySet<string> = new Set(PROJECT_PERMISSIONS)

export function isProjectPermission(text: string): text is ProjectPermission {
  return KNOWN.has(text)
}

/** What a public project lets everybody do, nobody and robots included. */
export const PUBLIC_PERMISSIONS: ReadonlySet<ProjectPermission> = new Set([
  'project:read',
  ...READ_CHARTS,
  ...READ_LABELS,
])

const LIMITED_GUEST: ReadonlySet<ProjectPermission> = new Set([
  'project:read',
  'quota:read',
  ...READ_CHARTS,
])
const GUEST: ReadonlySet<ProjectPermission> = new Set([
  ...LIMITED_GUEST,
  ...READ_LABELS,
  ...SEE_PEOPLE,
])
const DEVELOPER: ReadonlySet<ProjectPermission> = new Set([
  ...GUEST,
  ...CREATE_CHARTS,
  ...LABEL_CHARTS,
])
const MAINTAINER: ReadonlySet<ProjectPermission> = new Set([
  ...DEVELOPER,
  ...DELETE_CHARTS,
  ...CHANGE_LABELS,
  ...SEE_METADATA,
])
const PROJECT_ADMIN: ReadonlySet<ProjectPermission> = new Set(PROJECT_PERMISSIONS)

/** What a member may do, by role: Harbor 1.8-2.7 (spec/harbor.md 1.7, 3.3). */
export const ROLE_PERMISSIONS: Readonly<Record<RoleId, ReadonlySet<ProjectPermission>>> = {
  [ROLE.limitedGuest]: LIMITED_GUEST,
  [ROLE.guest]: GUEST,
  [ROLE.developer]: DEVELOPER,
  [ROLE.maintainer]: MAINTAINER,
  [ROLE.projectAdmin]: PROJECT_ADMIN,
}

/** What the two actions of ChartMuseum's `access` claim stand for (spec/chartmuseum.md 1.6): push is upload and delete. */
export const TOKEN_ACTION_PERMISSIONS = {
  pull: ['project:read', ...READ_CHARTS],
  push: [...CREATE_CHARTS, ...DELETE_CHARTS],
} as const satisfies Record<string, readonly ProjectPermission[]>

export type TokenAction = keyof typeof TOKEN_ACTION_PERMISSIONS
