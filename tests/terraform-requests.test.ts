import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setInitialAdminPassword } from '../gateway/users/initial-admin.ts'
import { basic, startGateway } from './support/gateway.ts'

/*
 * The Terraform provider of Harbor cannot be built here (no registry that is reachable has its module). These are the
 * requests that it makes, read from its source (goharbor/terraform-provider-harbor 3.x, client/ and provider/): every
 * one with Basic, `Content-Type: application/json` and a body, `null` where it has nothing to say; one status counts as
 * success; the id of a resource is its Location without `/api` and `/v2.0`; what is read back is compared with what was
 * written, and a difference would be drift in `terraform plan`.
 */
type Json = Record<string, unknown>

async function startProvider(t: TestContext) {
  const gateway = await startGateway(t)
  await setInitialAdminPassword(gateway.db, 'Harbor12345')
  await gateway.changes.settled()

  const send = async (method: string, path: string, payload: unknown, expected: number) => {
    const response = await fetch(`${gateway.url}/api/v2.0${path}`, {
      method,
      headers: {
        authorization: basic('admin', 'Harbor12345'),
        'content-type': 'application/json',
      },
      // Go's client sends a body with every method; fetch cannot with GET
      ...(method === 'GET' ? {} : { body: `${JSON.stringify(payload)}\n` }),
    })
    const text = await response.text()
    assert.equal(response.status, expected, `${method} ${path}: ${text}`)
    return { text, location: response.headers.get('location') ?? '' }
  }

  return {
    gateway,
    send,
    read: async (path: string) => JSON.parse((await send('GET', path, null, 200)).text) as Json,
    /** @returns the resource's id. */
    create: async (path: string, payload: Json) => {
      const { location } = await send('POST', path, payload, 201)
      return location.replaceAll('/api', '').replaceAll('/v2.0', '')
    },
    change: (id: string, payload: Json) => send('PUT', id, payload, 200),
    destroy: (id: string) => send('DELETE', id, null, 200),
    isGone: (id: string) => send('GET', id, null, 404),
  }
}

function pick(body: Json, keys: string[]): Json {
  return Object.fromEntries(keys.map((key) => [key, body[key]]))
}

const metadata = {
  auto_scan: 'true',
  public: 'false',
  severity: 'low',
  prevent_vul: 'false',
  enable_content_trust: 'false',
  enable_content_trust_cosign: 'false',
  reuse_sys_cve_allowlist: 'true',
}

test('harbor_project: create, read back, change, import, destroy', async (t) => {
  const provider = await startProvider(t)
  const body = {
    project_name: 'terraform',
    metadata,
    cve_allowlist: {},
    storage_limit: 5 * 1073741824,
  }
  const id = await provider.create('/projects', body)
  assert.match(id, /^\/projects\/\d+$/)
  const created = await provider.read(id)
  assert.equal(created.name, 'terraform')
  assert.deepEqual(created.metadata, metadata)

  const summary = await provider.read(`${id}/summary`)
  assert.deepEqual((summary.quota as Json).hard, { storage: 5 * 1073741824, count: -1 })

  const changed = { ...metadata, public: 'true', severity: 'high', prevent_vul: 'true' }
  await provider.change(id, { ...body, metadata: changed })
  assert.deepEqual((await provider.read(id)).metadata, changed)

  await t.test('its quota, which is found by leafing through all of them', async () => {
    const { quota_per_project_enable } = await provider.read('/configurations')
    assert.deepEqual(Object.keys(quota_per_project_enable as Json).sort(), ['editable', 'value'])
    const { text } = await provider.send('GET', '/quotas/?page=1&page_size=100', null, 200)
    const quotas = JSON.parse(text) as { id: number; ref: { id: number } }[]
    const quota = quotas.find(({ ref }) => `/projects/${ref.id}` === id)
    assert.ok(quota !== undefined)
    await provider.change(`/quotas/${quota.id}`, { hard: { storage: -1 } })
    const { hard } = (await provider.read(`${id}/summary`)).quota as Json
    assert.deepEqual(hard, { storage: -1, count: -1 })
    const last = await provider.send('GET', '/quotas/?page=2&page_size=100', null, 200)
    assert.deepEqual(JSON.parse(last.text), [])
  })

  await t.test('data source: by name', async () => {
    const { text } = await provider.send('GET', '/projects?name=terraform', null, 200)
    const [found] = JSON.parse(text) as Json[]
    assert.equal(`/projects/${found?.project_id}`, id)
  })

  await provider.destroy(id)
  await provider.isGone(id)
})

test('harbor_user: create, read back, change, destroy', async (t) => {
  const provider = await startProvider(t)
  const user = {
    username: 'tom',
    email: 'tom@example.com',
    realname: 'Tom Terraform',
    comment: 'by code',
    sysadmin_flag: false,
    password: 'Passw0rd-of-tom',
    new_password: 'Passw0rd-of-tom',
  }
  const fields = ['username', 'email', 'realname', 'comment', 'sysadmin_flag']
  const id = await provider.create('/users', user)
  assert.deepEqual(pick(await provider.read(id), fields), pick(user, fields))

  const changed = { ...user, email: 'tom@example.org', sysadmin_flag: true }
  await provider.change(id, changed)
  await provider.change(`${id}/sysadmin`, changed)
  await provider.change(`${id}/password`, { ...changed, new_password: 'Another-Passw0rd' })
  assert.deepEqual(pick(await provider.read(id), fields), pick(changed, fields))

  await provider.destroy(id)
  await provider.isGone(id)
})

test('harbor_project_member_user and _group: create, read back, change, destroy', async (t) => {
  const provider = await startProvider(t)
  const project = await provider.create('/projects', { project_name: 'terraform', metadata })
  await provider.gateway.accounts.createUser('mia')
  const member = (role_id: number) => ({ role_id, member_user: { username: 'mia' } })
  const id = await provider.create(`${project}/members`, member(2))
  assert.ok(id.startsWith(`${project}/members/`), id)
  const read = await provider.read(id)
  assert.equal(read.role_id, 2)
  assert.equal(read.entity_name, 'mia')
  assert.equal(`/projects/${read.project_id}`, project)
  await provider.change(id, member(4))
  assert.equal((await provider.read(id)).role_id, 4)
  await provider.destroy(id)
  await provider.isGone(id)

  const group = (role_id: number) => ({
    role_id,
    member_group: { group_type: 3, group_name: 'builders' },
  })
  const groupId = await provider.create(`${project}/members`, group(3))
  assert.equal((await provider.read(groupId)).entity_name, 'builders')
  await provider.change(groupId, group(1))
  assert.equal((await provider.read(groupId)).role_id, 1)
  await provider.destroy(groupId)
})

test('harbor_robot_account: create, read back, change, rotate, destroy', async (t) => {
  const provider = await startProvider(t)
  await provider.create('/projects', { project_name: 'terraform', metadata })
  const permissions = [
    {
      kind: 'project',
      namespace: 'terraform',
      access: [
        { action: 'read', resource: 'helm-chart', effect: 'allow' },
        { action: 'create', resource: 'helm-chart-version', effect: 'allow' },
      ],
    },
  ]
  const robot = {
    name: 'deployer',
    description: 'by code',
    disable: false,
    duration: -1,
    level: 'project',
    permissions,
  }
  const id = await provider.create('/robots', robot)
  await provider.send('PATCH', id, { secret: 'Its-own-secret-1' }, 200)
  const { robot_name_prefix } = await provider.read('/configurations')
  const prefix = String((robot_name_prefix as Json).value)
  const read = await provider.read(id)
  const shortName = String(read.name).slice(prefix.length).split('+')[1]
  assert.equal(shortName, 'deployer')
  const fields = ['description', 'disable', 'duration', 'level', 'permissions']
  assert.deepEqual(pick(read, fields), pick(robot, fields))

  const changed = { ...robot, name: read.name, description: 'changed', disable: true }
  await provider.change(id, changed)
  assert.deepEqual(pick(await provider.read(id), fields), pick(changed, fields))
  await provider.destroy(id)
  await provider.isGone(id)

  await t.test('one of the system, for every project', async () => {
    const everywhere = [{ ...permissions[0], namespace: '*' }]
    const body = { ...robot, name: 'everywhere', level: 'system', permissions: everywhere }
    const system = await provider.create('/robots', body)
    assert.deepEqual(pick(await provider.read(system), fields), pick(body, fields))
    await provider.destroy(system)
  })
})

test('harbor_label and harbor_group: create, read back, change, destroy', async (t) => {
  const provider = await startProvider(t)
  const project = await provider.create('/projects', { project_name: 'terraform', metadata })
  const label = { name: 'stable', description: 'by code', color: '#FFFFFF', scope: 'g' }
  for (const body of [
    label,
    { ...label, scope: 'p', project_id: Number(project.split('/').at(-1)) },
  ]) {
    const id = await provider.create('/labels', body)
    const fields = ['name', 'description', 'color', 'scope']
    assert.deepEqual(pick(await provider.read(id), fields), pick(body, fields))
    await provider.change(id, { ...body, color: '#000000' })
    assert.equal((await provider.read(id)).color, '#000000')
    await provider.destroy(id)
    await provider.isGone(id)
  }

  const group = { group_name: 'builders', group_type: 3, ldap_group_dn: '' }
  const id = await provider.create('/usergroups', group)
  assert.equal((await provider.read(id)).group_name, 'builders')
  await provider.change(id, { ...group, group_name: 'masons' })
  assert.equal((await provider.read(id)).group_name, 'masons')
  await provider.destroy(id)
})

test('harbor_config_system: read and change', async (t) => {
  const provider = await startProvider(t)
  const before = await provider.read('/configurations')
  await provider.change('/configurations', {
    project_creation_restriction: 'adminonly',
    read_only: false,
    robot_token_duration: 45,
    robot_name_prefix: String((before.robot_name_prefix as Json).value),
    quota_per_project_enable: true,
    storage_per_project: -1,
  })
  const after = await provider.read('/configurations')
  assert.equal((after.project_creation_restriction as Json).value, 'adminonly')
  assert.equal((after.robot_token_duration as Json).value, 45)
})
