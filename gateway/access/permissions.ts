/** Harbor's role ids, as members carry them. */
export const ROLE = {
  projectAdmin: 1,
  developer: 2,
  guest: 3,
  maintainer: 4,
  limitedGuest: 5,
} as const

export type RoleId = (typeof ROLE)[keyof typeof ROLE]

const READ_CHARTS = [
  'helm-chart:read',
  'helm-chart:list',
  'helm-chart-version:read',
  'helm-chart-version:list',
] as const

const CREATE_CHARTS = ['helm-chart:create', 'helm-chart-version:create'] as const

const DELETE_CHARTS = ['helm-chart:delete', 'helm-chart-version:delete'] as const

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
  ...SEE_PEOPLE,
  ...SEE_METADATA,
  'quota:read',
  ...ADMINISTER,
] as const

export type ProjectPermission = (typeof PROJECT_PERMISSIONS)[number]

const KNOWN: ReadonlySet<string> = new Set(PROJECT_PERMISSIONS)

export function isProjectPermission(text: string): text is ProjectPermission {
  return KNOWN.has(text)
}

/** What a public project lets everybody do, nobody and robots included. */
export const PUBLIC_PERMISSIONS: ReadonlySet<ProjectPermission> = new Set([
  'project:read',
  ...READ_CHARTS,
])

const LIMITED_GUEST: ReadonlySet<ProjectPermission> = new Set([
  'project:read',
  'quota:read',
  ...READ_CHARTS,
])
const GUEST: ReadonlySet<ProjectPermission> = new Set([...LIMITED_GUEST, ...SEE_PEOPLE])
const DEVELOPER: ReadonlySet<ProjectPermission> = new Set([...GUEST, ...CREATE_CHARTS])
const MAINTAINER: ReadonlySet<ProjectPermission> = new Set([
  ...DEVELOPER,
  ...DELETE_CHARTS,
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
