import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setInitialAdminPassword } from '../gateway/users/initial-admin.ts'
import { runCommand } from './support/command.ts'
import { startGateway } from './support/gateway.ts'
import { PYTHON, skipWithoutPythonClient } from './support/python-client.ts'

const SESSION = join(import.meta.dirname, 'support/harborapi/session.py')

test("Harbor's Python client does all of its work", {
  skip: skipWithoutPythonClient(),
}, async (t) => {
  const gateway = await startGateway(t)
  await setInitialAdminPassword(gateway.db, 'Harbor12345')
  await gateway.changes.settled()
  const { status, stdout, stderr } = await runCommand(PYTHON, [SESSION, gateway.url, 'Harbor12345'])
  assert.equal(status, 0, `${stdout}\n${stderr}`)
})
