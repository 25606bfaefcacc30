import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { buildChart } from './support/chart-package.ts'
import { startGateway } from './support/gateway.ts'
import { openGatewayStore } from './support/gateway-store.ts'

/** Projects `a` (private), `b` (public) and `c` (private), each with a chart; nobody is a member. */
async function start(t: TestContext) {
  const { store } = await openGatewayStore(t, 'embedded')
  const gateway = await startGateway(t, { store })
  const { accounts } = gateway
  await accounts.createUser('root', true)
  const bob = await accounts.createUser('bob')
  const [a, b, c] = [
    await accounts.createProject('a'),
    await accounts.createProject('b', true),
    await accounts.createProject('c'),
  ]
  const body = await buildChart({ name: 'hello', version: '1.0.0' })
  for (const project of ['a', 'b', 'c']) {
    const upload = { as: 'root', method: 'POST', body }
    const path = `/api/chartrepo/${project}/charts`
    assert.equal((await gateway.get(path, upload)).status, 201)
  }
  /** The projects whose charts are in the index of all. */
  const read = async (as?: string) => {
    const response = await gateway.get('/chartrepo/index.yaml', { ...(as && { as }) })
    assert.equal(response.status, 200)
    const { entries } = JSON.parse(await response.text())
    return Object.keys(entries).map((key) => key.split('/')[0])
  }
  return { gateway, accounts, read, bob, a, b, c }
}

test('the index of all projects has what the caller may read now, whatever has changed', async (t) => {
  const { accounts, read, bob, a, b, c } = await start(t)
  const all = async () => [await read(), await read('bob'), await read('root')]
  const everything = ['a', 'b', 'c']
  assert.deepEqual(await all(), [['b'], ['b'], everything])
  assert.deepEqual(await all(), [['b'], ['b'], everything])

  await accounts.addMember(a, bob, ROLE.guest)
  assert.deepEqual(await all(), [['b'], ['a', 'b'], everything])
  await accounts.removeMember(a, bob)
  assert.deepEqual(await all(), [['b'], ['b'], everything])

  const group = await accounts.createGroup('team')
  await accounts.addGroupMember(c, group, ROLE.guest)
  await accounts.run('insert into user_group_members (group_id, user_id) values ($1, $2)', [
    group,
    bob,
  ])
  assert.deepEqual(await all(), [['b'], ['b', 'c'], everything])
  await accounts.run('delete from user_group_members where user_id = $1', [bob])
  assert.deepEqual(await all(), [['b'], ['b'], everything])

  const set = `update project_metadata set value = $2 where project_id = $1 and name = 'public'`
  await accounts.run(set, [b, 'false'])
  await accounts.run(set, [c, 'true'])
  assert.deepEqual(await all(), [['c'], ['c'], everything])
  await accounts.run('update projects set deleted_at = now() where id = $1', [c])
  assert.deepEqual(await all(), [[], [], ['a', 'b']])

  await accounts.run('update users set is_system_admin = true where id = $1', [bob])
  assert.deepEqual(await read('bob'), ['a', 'b'])
})
