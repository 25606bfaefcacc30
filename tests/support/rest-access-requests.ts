import assert from 'node:assert/strict'
import type { AccessRow } from './rest-access-table.ts'
import type { AccessWorld } from './rest-access-world.ts'

/** What is sent to a route, where it is more than the path of the project: a new one for every principal. */
export interface AccessRequest {
  /** Of the path, but `project`. */
  parameters?: Record<string, number | string>
  query?: string
  body?: object
}

type MakeRequest = (world: AccessWorld) => AccessRequest | Promise<AccessRequest>

const READ_CHARTS = [{ resource: 'helm-chart', action: 'read' }]

/** A robot as it is written to make one of the project, or of the system. */
const robotBody = (name: string, namespace?: string) => ({
  name,
  level: namespace === undefined ? 'system' : 'project',
  duration: -1,
  permissions: [{ kind: 'project', namespace: namespace ?? '*', access: READ_CHARTS }],
})

const onMember: MakeRequest = async ({ makeMember }) => ({
  parameters: { mid: await makeMember() },
})
const onUser = async ({ makeUser }: AccessWorld) => ({ parameters: { id: (await makeUser()).id } })
const onGroup = async ({ makeGroup }: AccessWorld) => ({ parameters: { id: await makeGroup() } })
const onSystemRobot: MakeRequest = async ({ makeRobot }) => ({
  parameters: { id: (await makeRobot(null)).id },
})
const onProjectRobot = async ({ makeRobot, project }: AccessWorld) => {
  const { id, name } = await makeRobot(project.id)
  return { parameters: { id }, name }
}

const onLabel =
  (scope: 'p' | 'g'): MakeRequest =>
  async ({ makeLabel }) => ({ parameters: { id: await makeLabel(scope) } })
const onQuota: MakeRequest = ({ project }) => ({ parameters: { id: project.id } })
const onMetadata: MakeRequest = async ({ setSeverity }) => {
  await setSeverity('medium')
  return { parameters: { metadata: 'severity' } }
}
const onVersion = { chart: 'hello', version: '1.0.0' }

/** By route, as the table writes it. Routes that are not here get their path, and `{}` where they take a body. */
export const ACCESS_REQUESTS: Readonly<Record<string, MakeRequest>> = {
  'HEAD /api/v2.0/projects': ({ project }) => ({ query: `project_name=${project.name}` }),
  'POST /api/v2.0/projects': ({ makeName }) => ({ body: { project_name: makeName('made') } }),

  'POST /api/v2.0/projects/{project}/members': async ({ makeUser }) => ({
    body: { role_id: 3, member_user: { user_id: (await makeUser()).id } },
  }),
  'GET /api/v2.0/projects/{project}/members/{mid}': onMember,
  'PUT /api/v2.0/projects/{project}/members/{mid}': async (world) => ({
    ...(await onMember(world)),
    body: { role_id: 2 },
  }),
  'DELETE /api/v2.0/projects/{project}/members/{mid}': onMember,

  'POST /api/v2.0/projects/{project}/metadatas': async ({ setSeverity }) => {
    await setSeverity(undefined)
    return { body: { severity: 'low' } }
  },
  'GET /api/v2.0/projects/{project}/metadatas/{metadata}': onMetadata,
  'PUT /api/v2.0/projects/{project}/metadatas/{metadata}': async (world) => ({
    ...(await onMetadata(world)),
    body: { severity: 'high' },
  }),
  'DELETE /api/v2.0/projects/{project}/metadatas/{metadata}': onMetadata,

  'GET /api/v2.0/quotas/{id}': onQuota,
  'PUT /api/v2.0/quotas/{id}': async (world) => ({
    ...(await onQuota(world)),
    body: { hard: { storage: -1 } },
  }),

  'GET /api/v2.0/labels': () => ({ query: 'scope=g' }),
  'GET /api/v2.0/labels (project)': ({ project }) => ({
    query: `scope=p&project_id=${project.id}`,
  }),
  'POST /api/v2.0/labels': ({ makeName }) => ({ body: { name: makeName('made'), scope: 'g' } }),
  'POST /api/v2.0/labels (project)': ({ makeName, project }) => ({
    body: { name: makeName('made'), scope: 'p', project_id: project.id },
  }),
  'GET /api/v2.0/labels/{id}': onLabel('g'),
  'GET /api/v2.0/labels/{id} (project)': onLabel('p'),
  'PUT /api/v2.0/labels/{id}': async (world) => ({
    ...(await onLabel('g')(world)),
    body: { name: world.makeName('renamed') },
  }),
  'PUT /api/v2.0/labels/{id} (project)': async (world) => ({
    ...(await onLabel('p')(world)),
    body: { name: world.makeName('renamed') },
  }),
  'DELETE /api/v2.0/labels/{id}': onLabel('g'),
  'DELETE /api/v2.0/labels/{id} (project)': onLabel('p'),
  'GET /api/v2.0/chartrepo/{project}/charts/{chart}/{version}/labels': () => ({
    parameters: onVersion,
  }),
  'POST /api/v2.0/chartrepo/{project}/charts/{chart}/{version}/labels': async ({ makeLabel }) => ({
    parameters: onVersion,
    body: { id: await makeLabel('p') },
  }),
  'DELETE /api/v2.0/chartrepo/{project}/charts/{chart}/{version}/labels/{label}': async ({
    attachLabel,
  }) => ({ parameters: { ...onVersion, label: await attachLabel(onVersion) } }),

  'GET /api/v2.0/search': () => ({ query: 'q=hello' }),
  'PUT /api/v2.0/configurations': () => ({ body: { banner_message: 'hello' } }),

  'POST /api/v2.0/users': ({ makeName }) => {
    const username = makeName('made')
    const email = `${username}@example.com`
    return { body: { username, email, realname: username, password: 'Passw0rd' } }
  },
  'GET /api/v2.0/users/search': () => ({ query: 'username=guest' }),
  'GET /api/v2.0/users/{id}': onUser,
  'PUT /api/v2.0/users/{id}': async ({ makeUser }) => {
    const { id, name } = await makeUser()
    return { parameters: { id }, body: { email: `${name}@example.org`, realname: name } }
  },
  'DELETE /api/v2.0/users/{id}': onUser,
  'PUT /api/v2.0/users/{id}/password': async (world) => ({
    ...(await onUser(world)),
    body: { new_password: 'An0therPassword' },
  }),
  'PUT /api/v2.0/users/{id}/sysadmin': async (world) => ({
    ...(await onUser(world)),
    body: { sysadmin_flag: true },
  }),

  'PUT /api/v2.0/users/{id}/cli_secret': onUser,

  'POST /api/v2.0/usergroups': ({ makeName }) => ({
    body: { group_name: makeName('made'), group_type: 2 },
  }),
  'GET /api/v2.0/usergroups/search': () => ({ query: 'groupname=group' }),
  'GET /api/v2.0/usergroups/{id}': onGroup,
  'PUT /api/v2.0/usergroups/{id}': async (world) => ({
    ...(await onGroup(world)),
    body: { group_name: world.makeName('renamed') },
  }),
  'DELETE /api/v2.0/usergroups/{id}': onGroup,

  'GET /api/v2.0/robots (project)': ({ project }) => ({
    query: `q=Level%3Dproject,ProjectID%3D${project.id}`,
  }),
  'POST /api/v2.0/robots': ({ makeName }) => ({ body: robotBody(makeName('made')) }),
  'POST /api/v2.0/robots (project)': ({ makeName, project }) => ({
    body: robotBody(makeName('made'), project.name),
  }),
  'GET /api/v2.0/robots/{id}': onSystemRobot,
  'GET /api/v2.0/robots/{id} (project)': onProjectRobot,
  'PUT /api/v2.0/robots/{id} (project)': async (world) => {
    const { parameters, name } = await onProjectRobot(world)
    return {
      parameters,
      body: robotBody(`robot$${world.project.name}+${name}`, world.project.name),
    }
  },
  'PATCH /api/v2.0/robots/{id} (project)': async (world) => ({
    ...(await onProjectRobot(world)),
    body: { secret: '' },
  }),
  'DELETE /api/v2.0/robots/{id}': onSystemRobot,
  'DELETE /api/v2.0/robots/{id} (project)': onProjectRobot,

  'POST /api/v2.0/projects/{project}/robots': ({ makeName, project }) => ({
    body: {
      name: makeName('made'),
      access: [{ resource: `/project/${project.id}/helm-chart`, action: 'read' }],
    },
  }),
  'GET /api/v2.0/projects/{project}/robots/{id}': onProjectRobot,
  'PUT /api/v2.0/projects/{project}/robots/{id}': async (world) => ({
    ...(await onProjectRobot(world)),
    body: { disable: true },
  }),
  'DELETE /api/v2.0/projects/{project}/robots/{id}': onProjectRobot,
}

/** As requests are named above. */
export function nameOf({ method, path, variant }: AccessRow): string {
  const route = `${method} ${path}`
  return variant === '' ? route : `${route} (${variant})`
}

/** The request of a row. Whoever may send it succeeds. */
export async function makeRequest(
  row: AccessRow,
  world: AccessWorld,
): Promise<{ path: string; body: object | undefined }> {
  const make = ACCESS_REQUESTS[nameOf(row)] ?? (() => ({}))
  const { parameters = {}, query, body }: AccessRequest = await make(world)
  const values: Record<string, number | string> = { project: world.project.name, ...parameters }
  const path = row.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    const value = values[name]
    assert.ok(value !== undefined, `${nameOf(row)}: the request has no ${name}`)
    return String(value)
  })
  return {
    path: query === undefined ? path : `${path}?${query}`,
    body: body ?? (/^P/.test(row.method) ? {} : undefined),
  }
}
