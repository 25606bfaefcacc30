import assert from 'node:assert/strict'
import type { ProjectPermission, RoleId } from '../../gateway/access/permissions.ts'

export interface Credentials {
  username: string
  password: string
}

export const ADMIN: Credentials = { username: 'admin', password: 'Harbor12345' }

export function basicAuth({ username, password }: Credentials): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** What an operator does over REST before people can work: as the admin, everything must succeed. */
export interface Accounts {
  createProject: (name: string, isPublic?: boolean) => Promise<void>
  /** A user, made a member of the project where a role is given. */
  createUser: (username: string, member?: { project: string; role: RoleId }) => Promise<Credentials>
  createRobot: (
    project: string,
    name: string,
    permissions: readonly ProjectPermission[],
  ) => Promise<Credentials>
  /** A token of /service/token, as the given principal gets it. */
  getToken: (credentials: Credentials, project: string, actions: string) => Promise<string>
}

export function createAccounts(url: string, admin = ADMIN): Accounts {
  const post = async (path: string, body: unknown): Promise<Response> => {
    const response = await fetch(`${url}/api/v2.0${path}`, {
      method: 'POST',
      headers: { ...basicAuth(admin), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (response.status === 201) return response
    assert.fail(`POST ${path}: ${response.status} ${await response.text()}`)
  }

  return {
    createProject: async (name, isPublic = false) => {
      await post('/projects', { project_name: name, metadata: { public: String(isPublic) } })
    },
    createUser: async (username, member) => {
      const password = `Pass-of-${username}-1`
      const email = `${username}@example.com`
      await post('/users', { username, password, email, realname: username })
      if (member !== undefined) {
        const { project, role } = member
        await post(`/projects/${project}/members`, { role_id: role, member_user: { username } })
      }
      return { username, password }
    },
    createRobot: async (project, name, permissions) => {
      const access = permissions.map((permission) => {
        const [resource, action] = permission.split(':')
        return { resource, action }
      })
      const grants = [{ kind: 'project', namespace: project, access }]
      const robot = { name, level: 'project', duration: -1, permissions: grants }
      const made = (await (await post('/robots', robot)).json()) as { name: string; secret: string }
      return { username: made.name, password: made.secret }
    },
    getToken: async (credentials, project, actions) => {
      const query = new URLSearchParams({
        service: 'chartgate',
        scope: `artifact-repository:${project}:${actions}`,
      })
      const headers = basicAuth(credentials)
      const response = await fetch(`${url}/service/token?${query}`, { headers })
      assert.equal(response.status, 200)
      return ((await response.json()) as { token: string }).token
    },
  }
}
