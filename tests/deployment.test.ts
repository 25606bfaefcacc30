import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { connectDatabase } from '../gateway/db/connect.ts'
import { buildChart } from './support/chart-package.ts'
import { curl } from './support/curl.ts'
import { type Deployment, startDeployment } from './support/deployment.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'
import { createHelmHome, loginArgs } from './support/helm-home.ts'
import { skipWithout } from './support/real-clients.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

const skip = skipWithoutPrograms('curl', 'nginx', 'openssl', 'redis-server')

test('gateway, chart store and nginx, as the compose file runs them', { skip }, async (t) => {
  const deployment = await startDeployment(t)
  const { httpUrl, httpsUrl, caFile, admin, chartstore, database } = deployment

  for (const version of ['helm3', 'helm4'] as const) {
    await t.test(
      `${version} works through nginx with TLS`,
      {
        skip: skipWithout(version, 'helm-cm-push'),
      },
      async (t) => {
        const { helm, folder } = await createHelmHome(t, version)
        const repository = `${httpsUrl}/chartrepo/library`
        const ca = ['--ca-file', caFile]
        await helm('create', 'etcd')
        await helm('repo', 'add', 'hub', repository, ...loginArgs(admin), ...ca)
        await helm('cm-push', 'etcd', 'hub', '--version', '1.4.3', ...ca)
        await helm('repo', 'update')
        assert.match(await helm('search', 'repo', 'hub'), /hub\/etcd\s+1\.4\.3/)
        await helm('pull', 'hub/etcd', '--version', '1.4.3')
        const stored = await curlThrough(
          { caFile },
          ...['-o', join(folder, 'stored.tgz'), `${repository}/charts/etcd-1.4.3.tgz`],
        )
        assert.equal(stored.status, 200)
        const pulled = await readFile(join(folder, 'etcd-1.4.3.tgz'))
        assert.deepEqual(pulled, await readFile(join(folder, 'stored.tgz')))
      },
    )
  }

  await t.test(
    'an upload that is too big is refused in words, with and without a length',
    async (t) => {
      const folder = await makeFolder(t)
      // Random bytes do not shrink: 25 MiB arrive, of which MAX_UPLOAD_SIZE lets 20 pass. No file is too big by itself.
      const files = Object.fromEntries(
        Array.from({ length: 5 }, (_, number) => [
          `filler-${number}`,
          randomBytes(5 * 1024 * 1024),
        ]),
      )
      const chart = { name: 'etcd', version: '1.4.3' }
      const file = join(folder, 'etcd-1.4.3.tgz')
      await writeFile(file, await buildChart({ ...chart, files }))
      const api = `${deployment.httpsUrl}/api/chartrepo/library/charts`
      const send = async (...args: string[]) => {
        const { status, body } = await curlThrough(deployment, ...loginOf(deployment), ...args, api)
        return [status, typeof JSON.parse(body).error]
      }
      const raw = ['-H', 'content-type: application/octet-stream', '--data-binary', `@${file}`]
      const chunked = ['-H', 'transfer-encoding: chunked']
      assert.deepEqual(await send(...raw), [413, 'string'])
      assert.deepEqual(await send(...raw, ...chunked), [413, 'string'])
      assert.deepEqual(await send('-F', `chart=@${file}`), [413, 'string'])
      assert.deepEqual(await send('-F', `chart=@${file}`, ...chunked), [413, 'string'])

      await writeFile(file, await buildChart(chart))
      const { status } = await curlThrough(deployment, ...loginOf(deployment), ...raw, api)
      assert.equal(status, 201)
    },
  )

  await t.test('plain HTTP leads readers to HTTPS, and refuses uploads and deletes', async () => {
    const path = '/chartrepo/library/index.yaml?a=1'
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(`${httpUrl}${path}`, { method, redirect: 'manual' })
      assert.equal(answer.status, 308)
      assert.equal(answer.headers.get('location'), `${httpsUrl}${path}`)
    }
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const url = `${httpUrl}/api/chartrepo/library/charts`
      const answer = await fetch(url, { method, body: 'a chart', redirect: 'manual' })
      assert.equal(answer.status, 400)
      assert.equal(answer.headers.get('location'), null)
      const { error } = (await answer.json()) as { error: string }
      assert.match(error, /https only: change http:\/\/ to https:\/\//)
    }
  })

  await t.test(
    'the audit log has the address that nginx saw, whatever the client claims',
    async (t) => {
      const folder = await makeFolder(t)
      const file = join(folder, 'claimed-1.0.0.tgz')
      await writeFile(file, await buildChart({ name: 'claimed', version: '1.0.0' }))
      const claims = ['X-Forwarded-For: 6.6.6.6', 'X-Real-IP: 6.6.6.6', 'Forwarded: for=6.6.6.6']
      const { status } = await curlThrough(
        deployment,
        ...loginOf(deployment),
        ...claims.flatMap((claim) => ['-H', claim]),
        ...['-F', `chart=@${file}`, `${httpsUrl}/api/chartrepo/library/charts`],
      )
      assert.equal(status, 201)
      const db = await connectDatabase(database, pino({ level: 'silent' }))
      t.after(() => db.close())
      const addresses = await eventually(async () => {
        const { rows } = await db.query<{ source_address: string }>(
          "select source_address from audit_log where chart = 'claimed'",
        )
        assert.equal(rows.length, 1)
        return rows.map((row) => row.source_address)
      })
      assert.deepEqual(addresses, ['127.0.0.1'])
    },
  )

  await t.test('the chart store lets nobody in but the gateway', async () => {
    assert.equal((await fetch(`${chartstore.url}/library/index.yaml`)).status, 401)
  })

  await t.test('without the gateway nginx says so in JSON', async () => {
    assert.equal(await deployment.gateway.stop(), 0)
    const url = `${deployment.httpsUrl}/chartrepo/library/index.yaml`
    const { status, body } = await curlThrough(deployment, url)
    assert.equal(status, 502)
    assert.equal(JSON.parse(body).error, 'gateway unavailable')
  })
})

function curlThrough({ caFile }: Pick<Deployment, 'caFile'>, ...args: string[]) {
  return curl('--cacert', caFile, ...args)
}

function loginOf({ admin }: Deployment): string[] {
  return ['-u', `${admin.username}:${admin.password}`]
}
