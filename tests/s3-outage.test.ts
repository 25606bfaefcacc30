import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { startFaultProxy } from './support/fault-proxy.ts'
import { openProjectIndexes } from './support/project-indexes.ts'
import { skipWithout } from './support/real-clients.ts'
import { openS3Storage, putObject, startS3Server } from './support/s3-server.ts'
import { fault } from './support/stored-files.ts'

test('packages that storage cannot give make no empty index, and one of many harms no other', {
  skip: skipWithout('versitygw'),
}, async (t) => {
  const server = await startS3Server(t)
  const proxy = await startFaultProxy(t, server.url)
  const { storage } = await openS3Storage(
    t,
    { url: proxy.url, bucket: server.bucket },
    { patience: { connect: 1000, answer: 300 } },
  )
  const failFor = (name: string) =>
    proxy.set(({ method, path }) => (method === 'GET' && path.includes(name) ? 500 : 'none'))
  const indexes = openProjectIndexes(storage, { reconcileMs: 100 })
  t.after(indexes.close)
  const names = async () => [...(await (await indexes.forReading('p')).current()).chartNames()]

  await putObject(server, 'p/a-1.0.0.tgz', await buildChart({ name: 'a', version: '1.0.0' }))
  failFor('.tgz')
  await assert.rejects(names(), fault('unavailable'))
  failFor('b-1.0.0')
  assert.deepEqual(await names(), ['a'])
  await putObject(server, 'p/b-1.0.0.tgz', await buildChart({ name: 'b', version: '1.0.0' }))
  await new Promise((resolve) => setTimeout(resolve, 1000))
  assert.deepEqual(await names(), ['a'])
  proxy.set(() => 'none')
  for (let tries = 0; (await names()).length < 2; tries++) {
    assert.ok(tries < 100, 'b never came')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})
