import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ROLE, type RoleId } from '../gateway/access/permissions.ts'
import { ADMIN, type Credentials, createAccounts } from './support/accounts.ts'
import { curl } from './support/curl.ts'
import { createHelmHome, type HelmHome, loginArgs } from './support/helm-home.ts'
import { skipWithout } from './support/real-clients.ts'
import { startChartgate } from './support/running-chartgate.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

test('each principal may do with helm what their role allows', async (t) => {
  const { url } = await startChartgate(t)
  const { createProject, createUser, createRobot, getToken } = createAccounts(url)

  for (const version of ['helm3', 'helm4'] as const) {
    const skip = skipWithout(version, 'helm-cm-push') || skipWithoutPrograms('curl')

    await t.test(
      `with ${version}, a private project gives everybody what their role allows`,
      {
        skip,
      },
      async (t) => {
        const project = `kingfsen-of-${version}`
        await createProject(project)
        const admin = await createHelmHome(t, version)
        await admin.helm('create', 'etcd')
        const repository = `${url}/chartrepo/${project}`
        await admin.helm('cm-push', 'etcd', repository, ...loginArgs(ADMIN))

        const member = (role: RoleId) => ({ project, role })
        const people: Record<string, Credentials | undefined> = {
          maintainer: await createUser(`mary-${version}`, member(ROLE.maintainer)),
          developer: await createUser(`dora-${version}`, member(ROLE.developer)),
          guest: await createUser(`gus-${version}`, member(ROLE.guest)),
          outsider: await createUser(`otto-${version}`),
          robot: await createRobot(project, 'ci', ['helm-chart:read', 'helm-chart-version:create']),
          'reading robot': await createRobot(project, 'cd', ['helm-chart:read']),
          'wrong password': { username: `dora-${version}`, password: 'not-hers' },
          nobody: undefined,
        }
        const outcomes: Record<string, unknown> = {}
        for (const [who, credentials] of Object.entries(people)) {
          outcomes[who] = await tryAll(await createHelmHome(t, version), url, project, credentials)
        }
        const everything = { read: 'yes', pull: 'yes', push: 'yes' }
        const reading = { read: 'yes', pull: 'yes', push: '403' }
        assert.deepEqual(outcomes, {
          maintainer: { ...everything, delete: 200 },
          developer: { ...everything, delete: 403 },
          guest: { ...reading, delete: 403 },
          outsider: { read: '403', pull: '403', push: '403', delete: 403 },
          robot: { ...everything, delete: 403 },
          'reading robot': { ...reading, delete: 403 },
          'wrong password': { read: '401', pull: '401', push: '401', delete: 401 },
          nobody: { read: '401', pull: '401', push: '401', delete: 401 },
        })
      },
    )

    await t.test(
      `with ${version}, a token allows what it was asked for, and no more`,
      {
        skip,
      },
      async (t) => {
        const project = `tokens-of-${version}`
        await createProject(project)
        await createProject(`${project}-other`)
        const guest = await createUser(`gustav-${version}`, { project, role: ROLE.guest })
        const { helm, tryHelm } = await createHelmHome(t, version)
        await helm('create', 'etcd')
        const push = async (token: string, target = project) => {
          const repository = `${url}/chartrepo/${target}`
          const { status, stderr } = await tryHelm(
            'cm-push',
            'etcd',
            repository,
            '--access-token',
            token,
          )
          return status === 0 ? 'yes' : /Error: (\d+)/.exec(stderr)?.[1]
        }
        assert.equal(await push(await getToken(ADMIN, project, 'pull,push')), 'yes')
        assert.equal(
          await push(await getToken(ADMIN, project, 'pull,push'), `${project}-other`),
          '403',
        )
        assert.equal(await push(await getToken(ADMIN, project, 'pull')), '403')
        assert.equal(await push(await getToken(guest, project, 'pull,push')), '403')
      },
    )
  }
})

/** What one principal may do in the project, with helm and, for what helm cannot, with curl: `yes`, or the status. */
async function tryAll(
  { tryHelm, helm }: HelmHome,
  url: string,
  project: string,
  who: Credentials | undefined,
) {
  await helm('create', 'nginx')
  const login = who === undefined ? [] : loginArgs(who)
  const repository = `${url}/chartrepo/${project}`
  const attempt = async (...args: string[]) => {
    const { status, stderr } = await tryHelm(...args, ...login)
    return status === 0 ? 'yes' : /\b4\d\d\b/.exec(stderr)?.[0]
  }
  const read = await attempt('repo', 'add', 'hub', repository)
  const pull = await attempt('pull', `${repository}/charts/etcd-0.1.0.tgz`)
  // A context path keeps cm-push from asking for the index first, so that the answer is that of the push.
  const push = await attempt('cm-push', 'nginx', repository, '--context-path', '/')
  const user = who === undefined ? [] : ['-u', `${who.username}:${who.password}`]
  const api = `${url}/api/chartrepo/${project}/charts/nginx/0.1.0`
  const { status } = await curl('-X', 'DELETE', ...user, api)
  return { read, pull, push, delete: status }
}
