import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { ADMIN, createAccounts } from './support/accounts.ts'
import { curl } from './support/curl.ts'
import { createGpgKey } from './support/gpg-key.ts'
import { createHelmHome } from './support/helm-home.ts'
import { createHelm2Home } from './support/helm2-home.ts'
import { skipWithout } from './support/real-clients.ts'
import { startChartgate } from './support/running-chartgate.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

const skip = skipWithout('helm2', 'helm3') || skipWithoutPrograms('curl', 'gpg')

test('helm 2 adds, updates, searches, fetches and verifies', { skip }, async (t) => {
  const { url } = await startChartgate(t)
  const { createProject, createUser } = createAccounts(url)
  await createProject('old')
  const guest = await createUser('gus', { project: 'old', role: ROLE.guest })
  const { helm, folder } = await createHelmHome(t, 'helm3')
  const key = await createGpgKey(t)
  await helm('create', 'etcd')
  const sign = ['--sign', '--key', key.name, '--keyring', key.secretKeyring]
  await helm('package', 'etcd', '--version', '1.4.3', ...sign)
  const packageFile = join(folder, 'etcd-1.4.3.tgz')

  const { helm2, folder: destination } = await createHelm2Home(t)
  await helm2('repo-add', 'hub', `${url}/chartrepo/old`, guest.username, guest.password)
  assert.equal(await helm2('search', 'etcd'), '')
  const upload = ['-F', `chart=@${packageFile}`, '-F', `prov=@${packageFile}.prov`]
  const login = ['-u', `${ADMIN.username}:${ADMIN.password}`]
  const { status } = await curl(...login, ...upload, `${url}/api/chartrepo/old/charts`)
  assert.equal(status, 201)
  await helm2('repo-update')
  assert.equal(await helm2('search', 'etcd'), 'hub/etcd 1.4.3\n')
  const said = await helm2('fetch', 'hub/etcd', '^1.0.0', destination, key.publicKeyring)
  assert.match(said, /verified sha256:[0-9a-f]{64}/)
  const pulled = await readFile(join(destination, 'etcd-1.4.3.tgz'))
  assert.deepEqual(pulled, await readFile(packageFile))

  await helm2('repo-add', 'all', `${url}/chartrepo`, guest.username, guest.password)
  await helm2('fetch', 'all/old/etcd', '1.4.3', destination)
})

test('helm 2 is told when its password is wrong', { skip }, async (t) => {
  const { url } = await startChartgate(t)
  await createAccounts(url).createProject('old')
  const { tryHelm2 } = await createHelm2Home(t)
  const add = ['repo-add', 'hub', `${url}/chartrepo/old`, 'admin', 'wrong']
  const { status, stderr } = await tryHelm2(...add)
  assert.equal(status, 1)
  assert.match(stderr, /index\.yaml : 401 Unauthorized/)
})
