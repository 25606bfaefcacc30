import type { ProjectPermission } from '../access/permissions.ts'

/** One thing that a robot may do. `projectId` null with kind `project`: in every project. */
export interface RobotGrant {
  kind: 'project' | 'system'
  projectId: number | null
  resource: string
  action: string
}

/** What a token allows in one project, at most: its holder's own rights are the other limit. */
export interface TokenGrant {
  project: string
  permissions: ReadonlySet<ProjectPermission>
}

interface AuthenticatedBase {
  id: number
  /** As the principal writes it to log in, and as logs name it: `bob`, `robot$library+ci`. */
  name: string
  /** Rises when the password or secret changes; tokens carry the one that they were issued under. */
  credentialVersion: number
  /** Present when a Bearer token was presented: nothing outside these is allowed. */
  tokenGrants?: readonly TokenGrant[]
}

export interface UserPrincipal extends AuthenticatedBase {
  kind: 'user'
  isSystemAdmin: boolean
}

export interface RobotPrincipal extends AuthenticatedBase {
  kind: 'robot'
  /** null for a robot of the whole system. */
  projectId: number | null
  grants: readonly RobotGrant[]
}

export interface AnonymousPrincipal {
  kind: 'anonymous'
  tokenGrants?: readonly TokenGrant[]
}

/** Who a request comes from. */
export type Principal = UserPrincipal | RobotPrincipal | AnonymousPrincipal

export const ANONYMOUS: AnonymousPrincipal = Object.freeze({ kind: 'anonymous' })
