import assert from 'node:assert/strict'
import { test } from 'node:test'
import { can } from '../gateway/access/can.ts'
import { PROJECT_PERMISSIONS, ROLE, type RoleId } from '../gateway/access/permissions.ts'
import {
  ANONYMOUS,
  type Principal,
  type RobotGrant,
  type RobotPrincipal,
  type UserPrincipal,
} from '../gateway/auth/principal.ts'

const PRIVATE = { id: 2, name: 'team', isPublic: false }
const PUBLIC = { id: 3, name: 'open', isPublic: true }

const user: UserPrincipal = {
  kind: 'user',
  id: 5,
  name: 'bob',
  credentialVersion: 1,
  isSystemAdmin: false,
}
const admin: UserPrincipal = { ...user, id: 1, name: 'admin', isSystemAdmin: true }

function robot(projectId: number | null, ...permissions: string[]): RobotPrincipal {
  const grants = permissions.map((permission): RobotGrant => {
    const [resource = '', action = ''] = permission.split(':')
    return { kind: 'project', projectId, resource, action }
  })
  return { kind: 'robot', id: 7, name: 'robot$ci', credentialVersion: 1, projectId, grants }
}

/** The permissions of the chart routes, as `spec/harbor.md` 1.7 has them, and where they begin. */
const READ = [
  'helm-chart:read',
  'helm-chart:list',
  'helm-chart-version:read',
  'helm-chart-version:list',
] as const
const CREATE = ['helm-chart:create', 'helm-chart-version:create'] as const
const DELETE = ['helm-chart:delete', 'helm-chart-version:delete'] as const
const LABEL = [
  'helm-chart-version-label:list',
  'helm-chart-version-label:create',
  'helm-chart-version-label:delete',
] as const

function allowedTo(principal: Principal, project: typeof PRIVATE, ...roles: RoleId[]): string[] {
  return PROJECT_PERMISSIONS.filter((permission) => can(principal, permission, project, roles))
}

test('a guest reads charts, a developer uploads and labels too, a maintainer deletes too', () => {
  const chartsOf = (role: RoleId) =>
    allowedTo(user, PRIVATE, role).filter((permission) => permission.startsWith('helm-chart'))
  assert.deepEqual(chartsOf(ROLE.limitedGuest), READ)
  assert.deepEqual(chartsOf(ROLE.guest), READ)
  assert.deepEqual(chartsOf(ROLE.developer), [...READ, ...CREATE, ...LABEL])
  assert.deepEqual(chartsOf(ROLE.maintainer), [...READ, ...CREATE, ...DELETE, ...LABEL])
  assert.deepEqual(chartsOf(ROLE.projectAdmin), [...READ, ...CREATE, ...DELETE, ...LABEL])
})

test('a guest sees the labels of a project, and a maintainer changes them', () => {
  const labelsOf = (role: RoleId) =>
    allowedTo(user, PRIVATE, role).filter((permission) => permission.startsWith('label:'))
  const seen = ['label:read', 'label:list']
  const changed = ['label:create', 'label:update', 'label:delete']
  assert.deepEqual(labelsOf(ROLE.limitedGuest), [])
  assert.deepEqual(labelsOf(ROLE.guest), seen)
  assert.deepEqual(labelsOf(ROLE.developer), seen)
  assert.deepEqual(labelsOf(ROLE.maintainer), [...seen, ...changed])
})

test('only a project admin changes the project, its members and its robots', () => {
  const changes = ['project:update', 'project:delete', 'member:create', 'robot:delete'] as const
  for (const permission of changes) {
    assert.equal(can(user, permission, PRIVATE, [ROLE.projectAdmin]), true)
    assert.equal(can(user, permission, PRIVATE, [ROLE.maintainer]), false)
  }
})

test('a limited guest sees neither members nor the log', () => {
  for (const permission of ['member:list', 'robot:list', 'log:list'] as const) {
    assert.equal(can(user, permission, PRIVATE, [ROLE.guest]), true)
    assert.equal(can(user, permission, PRIVATE, [ROLE.limitedGuest]), false)
  }
})

test('nobody, outsiders and robots read a public project, and do nothing else in it', () => {
  const readable = ['project:read', ...READ, 'label:read', 'label:list']
  assert.deepEqual(allowedTo(ANONYMOUS, PUBLIC), readable)
  assert.deepEqual(allowedTo(user, PUBLIC), readable)
  assert.deepEqual(allowedTo(robot(9), PUBLIC), readable)
})

test('nobody, outsiders and robots without grants do nothing in a private project', () => {
  assert.deepEqual(allowedTo(ANONYMOUS, PRIVATE), [])
  assert.deepEqual(allowedTo(user, PRIVATE), [])
  assert.deepEqual(allowedTo(robot(2), PRIVATE), [])
})

test('a system admin does everything everywhere', () => {
  assert.deepEqual(allowedTo(admin, PRIVATE), [...PROJECT_PERMISSIONS])
})

test('a robot does exactly what it was granted', () => {
  const ci = robot(2, 'helm-chart:read', 'helm-chart-version:create')
  assert.deepEqual(allowedTo(ci, PRIVATE), ['helm-chart:read', 'helm-chart-version:create'])
})

test('a robot of one project does nothing in another, whatever its grants name', () => {
  const ci = robot(9, 'helm-chart:read')
  const foreign: RobotPrincipal = {
    ...ci,
    grants: [{ kind: 'project', projectId: 2, resource: 'helm-chart', action: 'read' }],
  }
  assert.deepEqual(allowedTo(foreign, PRIVATE), [])
})

test('a robot of the system with a grant in every project has it in each', () => {
  assert.deepEqual(allowedTo(robot(null, 'helm-chart:read'), PRIVATE), ['helm-chart:read'])
})

test('a grant of kind system is none in a project', () => {
  const system: RobotPrincipal = {
    ...robot(null),
    grants: [{ kind: 'system', projectId: null, resource: 'helm-chart', action: 'read' }],
  }
  assert.deepEqual(allowedTo(system, PRIVATE), [])
})

test('a token limits its holder, even a system admin, and gives the holder nothing new', () => {
  const tokenGrants = [
    { project: 'team', permissions: new Set(['helm-chart:read', 'helm-chart:create'] as const) },
  ]
  assert.deepEqual(allowedTo({ ...admin, tokenGrants }, PRIVATE), [
    'helm-chart:read',
    'helm-chart:create',
  ])
  assert.deepEqual(allowedTo({ ...user, tokenGrants }, PRIVATE, ROLE.guest), ['helm-chart:read'])
  assert.deepEqual(allowedTo({ ...admin, tokenGrants }, PUBLIC), [])
})

test('a token that grants nothing gives nothing, public projects included', () => {
  assert.deepEqual(allowedTo({ ...user, tokenGrants: [] }, PUBLIC, ROLE.projectAdmin), [])
  assert.deepEqual(allowedTo({ kind: 'anonymous', tokenGrants: [] }, PUBLIC), [])
})

test('whoever has several roles may do what one of them may', () => {
  const guest = allowedTo(user, PRIVATE, ROLE.guest)
  const developer = allowedTo(user, PRIVATE, ROLE.developer)
  assert.notDeepEqual(guest, developer)
  assert.deepEqual(allowedTo(user, PRIVATE, ROLE.guest, ROLE.developer), developer)
  assert.deepEqual(allowedTo(user, PRIVATE, ROLE.developer, ROLE.guest), developer)
})

test('a role that is not known gives nothing', () => {
  assert.deepEqual(allowedTo(user, PRIVATE, 99 as RoleId), [])
})
