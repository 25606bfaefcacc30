import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { basic, startGateway } from './support/gateway.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { postRaw } from './support/store-client.ts'

test("a chart store that runs alone takes the gateway's tokens, for what they grant", async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob', true)
  const dir = await makeFolder(t)
  const certPath = join(dir, 'keys.pem')
  const issue = async (scope: string) => {
    const response = await fetch(`${gateway.url}/service/token?service=charts&scope=${scope}`, {
      headers: { authorization: basic('bob') },
    })
    return ((await response.json()) as { token: string }).token
  }
  const pull = await issue('artifact-repository:library:pull')
  const push = await issue('artifact-repository:library:pull,push')
  const keys = await fetch(`${gateway.url}/service/token/public-keys.pem`)
  await writeFile(certPath, await keys.text())

  const store = await startStoreProcess(t, {
    STORAGE_LOCAL_ROOTDIR: join(dir, 'charts'),
    BEARER_AUTH: 'true',
    AUTH_REALM: `${gateway.url}/service/token`,
    AUTH_SERVICE: 'charts',
    AUTH_CERT_PATH: certPath,
  })
  const chart = await buildChart({ name: 'a', version: '1.0.0' })
  const upload = async (token: string, project: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const body = new Blob([chart])
    return (await fetch(`${store.url}/api/${project}/charts`, { method: 'POST', headers, body }))
      .status
  }
  assert.equal(await upload(pull, 'library'), 401)
  assert.equal(await upload(push, 'other'), 401)
  assert.equal(await upload(push, 'library'), 201)
  const index = await fetch(`${store.url}/library/index.yaml`, {
    headers: { authorization: `Bearer ${pull}` },
  })
  assert.match(await index.text(), /charts\/a-1\.0\.0\.tgz/)
  assert.equal((await postRaw(`${store.url}/api/library/charts`, chart)).status, 401)
})
