import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ADMIN, basicAuth, createAccounts } from './support/accounts.ts'
import { buildChart } from './support/chart-package.ts'
import { mustRun } from './support/command.ts'
import { curl } from './support/curl.ts'
import { createGpgKey } from './support/gpg-key.ts'
import { createHelmHome, loginArgs } from './support/helm-home.ts'
import { clientPath, skipWithout } from './support/real-clients.ts'
import { startChartgate } from './support/running-chartgate.ts'
import { listEntries, readIndex } from './support/store-client.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

test('what a user walks through works on a gateway that was just started', async (t) => {
  const { url } = await startChartgate(t)
  const { createProject, getToken } = createAccounts(url)
  let projects = 0
  const newProject = async () => {
    const name = `kingfsen${++projects}`
    await createProject(name)
    return name
  }

  for (const version of ['helm3', 'helm4'] as const) {
    const skip = skipWithout(version, 'helm-cm-push') || skipWithoutPrograms('curl', 'gpg')

    await t.test(
      `with ${version}, each line of the README's walkthrough works`,
      { skip },
      async (t) => {
        const project = await newProject()
        const { helm, folder } = await createHelmHome(t, version)
        const key = await createGpgKey(t)
        await mkdir(join(folder, 'verified'))
        await helm('create', 'etcd')
        await helm('package', 'etcd', '--version', '1.4.3')
        await helm('create', 'postgresql')
        const sign = ['--sign', '--key', key.name, '--keyring', key.secretKeyring]
        await helm('package', 'postgresql', '--version', '0.19.0', ...sign)
        const inFolder = (name: string) => join(folder, name)
        const repository = `${url}/chartrepo/${project}`
        const api = `${url}/api/chartrepo/${project}/charts`
        const user = `${ADMIN.username}:${ADMIN.password}`
        const token = await getToken(ADMIN, project, 'pull,push')

        await helm('repo', 'add', 'hub', repository, ...loginArgs(ADMIN))
        await helm('cm-push', 'etcd-1.4.3.tgz', 'hub')
        await helm('cm-push', './etcd', 'hub', '--version', '9.9.9')
        await helm('cm-push', './etcd', 'hub', '--force', '--access-token', token)
        await helm('cm-push', './etcd', repository, '--version', '9.9.10', '--access-token', token)

        const raw = await curl(
          '-u',
          user,
          '-H',
          'content-type: application/octet-stream',
          '--data-binary',
          `@${inFolder('postgresql-0.19.0.tgz')}`,
          api,
        )
        assert.deepEqual([raw.status, JSON.parse(raw.body)], [201, { saved: true }])
        const form = await curl(
          '-u',
          user,
          '-F',
          `chart=@${inFolder('postgresql-0.19.0.tgz')}`,
          '-F',
          `prov=@${inFolder('postgresql-0.19.0.tgz.prov')}`,
          api,
        )
        assert.deepEqual([form.status, JSON.parse(form.body)], [201, { saved: true }])

        await helm('repo', 'update')
        const found = await helm('search', 'repo', 'hub', '--versions', '-o', 'json')
        const versions = (JSON.parse(found) as { name: string; version: string }[]).map(
          (chart) => `${chart.name} ${chart.version}`,
        )
        assert.deepEqual(versions.sort(), [
          'hub/etcd 0.1.0',
          'hub/etcd 1.4.3',
          'hub/etcd 9.9.10',
          'hub/etcd 9.9.9',
          'hub/postgresql 0.19.0',
        ])

        await helm('pull', 'hub/etcd', '--version', '1.4.3', '-d', '.')
        await helm('pull', `${repository}/charts/etcd-1.4.3.tgz`, ...loginArgs(ADMIN))
        await helm('repo', 'add', 'all', `${url}/chartrepo`, ...loginArgs(ADMIN))
        await helm('pull', `all/${project}/etcd`, '--version', '9.9.10')
        const pulled = await readdir(folder)
        assert.ok(pulled.includes('etcd-9.9.10.tgz'), pulled.join())

        const verify = ['--verify', '--keyring', key.publicKeyring]
        const verified = await helm('pull', 'hub/postgresql', ...verify, '-d', 'verified')
        assert.match(verified, /Chart Hash Verified: sha256:[0-9a-f]{64}/)
      },
    )
    await t.test(
      `with ${version}, charts of a private project can be rendered and depended on`,
      {
        skip,
      },
      async (t) => {
        const project = await newProject()
        const { helm, folder } = await createHelmHome(t, version)
        const repository = `${url}/chartrepo/${project}`
        await helm('create', 'etcd')
        await helm('cm-push', 'etcd', repository, '--version', '1.4.3', ...loginArgs(ADMIN))
        await helm('repo', 'add', 'hub', repository, ...loginArgs(ADMIN))

        // helm 3 asks a cluster even for a dry run; helm 4 does not.
        const install = version === 'helm3' ? ['template'] : ['install', '--dry-run=client']
        assert.match(
          await helm(...install, 'my-etcd', 'hub/etcd'),
          /# Source: etcd\/templates\/service.yaml/,
        )

        await helm('create', 'umbrella')
        const chartYaml = join(folder, 'umbrella', 'Chart.yaml')
        const dependency = `dependencies: [{ name: etcd, version: ^1.4.0, repository: "${repository}" }]\n`
        await writeFile(chartYaml, `${await readFile(chartYaml, 'utf8')}${dependency}`)
        await helm('dependency', 'update', 'umbrella')
        assert.match(await helm('dependency', 'list', 'umbrella'), /etcd\s+\^1\.4\.0\s.*\sok/)
        await rm(join(folder, 'umbrella', 'charts'), { recursive: true })
        await helm('dependency', 'build', 'umbrella')
        assert.match(
          await helm('template', 'umbrella'),
          /# Source: umbrella\/charts\/etcd\/templates/,
        )
      },
    )

    await t.test(
      `with ${version}, adding the same repository again changes nothing`,
      { skip },
      async (t) => {
        const project = await newProject()
        const { helm } = await createHelmHome(t, version)
        const add = ['repo', 'add', 'hub', `${url}/chartrepo/${project}`, ...loginArgs(ADMIN)]
        assert.match(await helm(...add), /"hub" has been added/)
        assert.match(await helm(...add), /"hub" already exists with the same configuration/)
        await helm('repo', 'update', 'hub')
      },
    )
  }

  await t.test(
    'cm-push needs no helm: the program pushes by itself',
    {
      skip: skipWithout('helm-cm-push', 'helm4'),
    },
    async (t) => {
      const project = await newProject()
      const { helm, folder, env } = await createHelmHome(t, 'helm4')
      await helm('create', 'etcd')
      const login = { HELM_REPO_USERNAME: ADMIN.username, HELM_REPO_PASSWORD: ADMIN.password }
      const repository = `${url}/chartrepo/${project}`
      const said = await mustRun(clientPath('helm-cm-push'), ['etcd', repository], {
        cwd: folder,
        env: { ...env, ...login },
      })
      assert.match(said, /Done\./)
    },
  )

  await t.test(
    '200 parallel uploads of different versions are all in the index read after the last answer',
    async () => {
      const project = await newProject()
      const versions = Array.from({ length: 200 }, (_, minor) => `1.${minor}.0`)
      const packages = await Promise.all(
        versions.map((version) => buildChart({ name: 'etcd', version })),
      )
      const headers = { ...basicAuth(ADMIN), 'content-type': 'application/octet-stream' }
      const answers = await Promise.all(
        packages.map(async (content) => {
          const body = new Blob([content])
          const api = `${url}/api/chartrepo/${project}/charts`
          return (await fetch(api, { method: 'POST', headers, body })).status
        }),
      )
      assert.deepEqual(
        answers,
        versions.map(() => 201),
      )
      const index = await readIndex(`${url}/chartrepo/${project}`, { headers })
      assert.deepEqual(listEntries(index), versions.map((version) => `etcd-${version}`).sort())
    },
  )
})
