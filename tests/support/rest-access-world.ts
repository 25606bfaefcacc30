import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import {
  PROJECT_PERMISSIONS,
  ROLE,
  type RoleId,
  SYSTEM_PERMISSIONS,
} from '../../gateway/access/permissions.ts'
import { buildChart } from './chart-package.ts'
import { basic, startGateway, type TestGateway } from './gateway.ts'
import type { PrincipalName } from './rest-access-table.ts'

/** What requests are about, and what they may need made for them. */
export interface AccessWorld {
  project: { id: number; name: string }
  /** A name that nothing has. */
  makeName: (prefix: string) => string
  makeUser: () => Promise<{ id: number; name: string }>
  /** Of the project, who is none of the table's principals. */
  makeMember: () => Promise<number>
  makeGroup: () => Promise<number>
  /** Of the project, or of the system. */
  makeLabel: (scope: 'p' | 'g') => Promise<number>
  /** A label of the project, put on a version. */
  attachLabel: (on: { chart: string; version: string }) => Promise<number>
  /** A metadata of the project; undefined: it has none. */
  setSeverity: (value: string | undefined) => Promise<void>
  /** @param projectId null for one of the system. */
  makeRobot: (projectId: number | null) => Promise<{ id: number; name: string }>
}

export interface AccessFixture {
  gateway: TestGateway
  worlds: Readonly<Record<'private' | 'public', AccessWorld>>
  /** What each principal proves itself by, to each project. */
  headersOf: (principal: PrincipalName, world: AccessWorld) => Record<string, string>
}

const MEMBERS = {
  limitedGuest: ROLE.limitedGuest,
  guest: ROLE.guest,
  developer: ROLE.developer,
  maintainer: ROLE.maintainer,
  projectAdmin: ROLE.projectAdmin,
} as const

/** A gateway with everybody of the table, and a private and a public project that have charts. */
export async function createAccessFixture(t: TestContext): Promise<AccessFixture> {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const users = new Map<string, RoleId>(Object.entries(MEMBERS))
  const ids = new Map<string, number>()
  for (const name of [...users.keys(), 'stranger']) ids.set(name, await accounts.createUser(name))
  await accounts.createUser('systemAdmin', true)
  const elsewhere = await accounts.createProject('elsewhere')
  await accounts.addMember(elsewhere, ids.get('stranger') ?? 0, ROLE.projectAdmin)
  await accounts.createRobot(elsewhere, 'ci', PROJECT_PERMISSIONS)
  await makeSystemRobot(gateway)

  const world = async (name: string, isPublic: boolean): Promise<AccessWorld> => {
    const id = await accounts.createProject(name, isPublic)
    for (const [user, role] of users) await accounts.addMember(id, ids.get(user) ?? 0, role)
    await accounts.createRobot(id, 'ci', PROJECT_PERMISSIONS)
    const body = await buildChart({ name: 'hello', version: '1.0.0' })
    const path = `/api/chartrepo/${name}/charts`
    const stored = await gateway.get(path, { method: 'POST', as: 'systemAdmin', body })
    assert.equal(stored.status, 201)
    return createWorld(gateway, { id, name })
  }
  const worlds = { private: await world('team', false), public: await world('open', true) }

  const tokens = new Map<string, string>()
  for (const { project } of Object.values(worlds)) {
    const scope = `artifact-repository:${project.name}:pull,push`
    const answer = await gateway.get(`/service/token?scope=${scope}`, { as: 'systemAdmin' })
    tokens.set(project.name, ((await answer.json()) as { token: string }).token)
  }
  const logins: Partial<Record<PrincipalName, string>> = {
    robotElsewhere: 'robot$elsewhere+ci',
    systemRobot: 'robot$all',
  }
  return {
    gateway,
    worlds,
    headersOf: (principal, { project }) => {
      if (principal === 'nobody') return {}
      if (principal === 'token') return { authorization: `Bearer ${tokens.get(project.name)}` }
      if (principal === 'robot') return { authorization: basic(`robot$${project.name}+ci`) }
      return { authorization: basic(logins[principal] ?? principal) }
    },
  }
}

async function makeSystemRobot({ accounts }: TestGateway): Promise<void> {
  const id = await accounts.createRobot(null, 'all', PROJECT_PERMISSIONS)
  await accounts.grantInSystem(id, SYSTEM_PERMISSIONS)
}

let made = 0

function createWorld({ accounts }: TestGateway, project: AccessWorld['project']): AccessWorld {
  const makeName = (prefix: string) => {
    made += 1
    return `${prefix}${made}`
  }
  const makeUser = async () => {
    const name = makeName('user')
    return { id: await accounts.createUser(name), name }
  }
  const makeLabel: AccessWorld['makeLabel'] = (scope) =>
    accounts.createLabel(scope === 'p' ? project.id : null, makeName('label'))
  return {
    project,
    makeName,
    makeLabel,
    attachLabel: async ({ chart, version }) => {
      const label = await makeLabel('p')
      await accounts.run(
        `insert into chart_version_labels (project_id, chart, version, label_id)
         values ($1, $2, $3, $4)`,
        [project.id, chart, version, label],
      )
      return label
    },
    setSeverity: async (value) => {
      await accounts.run(`delete from project_metadata where project_id = $1 and name = $2`, [
        project.id,
        'severity',
      ])
      if (value === undefined) return
      await accounts.run(
        `insert into project_metadata (project_id, name, value) values ($1, $2, $3)`,
        [project.id, 'severity', value],
      )
    },
    makeUser,
    makeMember: async () => accounts.addMember(project.id, (await makeUser()).id, ROLE.guest),
    makeGroup: () => accounts.createGroup(makeName('group')),
    makeRobot: async (projectId) => {
      const name = makeName('robot')
      return { id: await accounts.createRobot(projectId, name, ['helm-chart:read']), name }
    },
  }
}
