/** Harbor's role ids, as members carry them. */
export const ROLE = {
  projectAdmin: 1,
  developer: 2,
  guest: 3,
  maintainer: 4,
  limitedGuest: 5,
} as const

export type RoleId = (typeof ROLE)[keyof typeof ROLE]

/** Resource and action, in the words of Harbor's RBAC (spec/harbor.md 1.7, 3.3), as robots are granted them. */
export type ProjectPermission =
  | 'helm-chart:read'
  | 'helm-chart:list'
  | 'helm-chart:create'
  | 'helm-chart:delete'
  | 'helm-chart-version:read'
  | 'helm-chart-version:list'
  | 'helm-chart-version:create'
  | 'helm-chart-version:delete'
  | 'project:read'
  | 'project:update'
  | 'project:delete'
  | 'member:read'
  | 'member:list'
  | 'member:create'
  | 'member:update'
  | 'member:delete'
  | 'robot:read'
  | 'robot:list'
  | 'robot:create'
  | 'robot:update'
  | 'robot:delete'
  | 'log:list'
