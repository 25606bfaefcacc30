import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { encodeHarborHash } from '../gateway/auth/harbor-hash.ts'
import { hashPassword, verifyPassword } from '../gateway/auth/password.ts'

const threads: Worker[] = []
process.on('worker', (thread) => threads.push(thread))

test('a lone password is checked without a thread, and those that come soon after it in one', async (t) => {
  let later = 0
  const now = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => now() + later)

  const ours = await hashPassword('right')
  // RFC 6070's third
  const hash = '4b007901b765489abead49d926f721d0'
  const harbors = encodeHarborHash({ version: 'sha1', salt: 'salt', hash })
  for (const [passwordHash, password, isRight] of [
    [ours, 'right', true],
    [ours, 'wrong', false],
    [undefined, 'right', false],
    [harbors, 'password', true],
    [harbors, 'wrong', false],
  ] as const) {
    later += 11_000
    assert.equal(await verifyPassword(passwordHash, password), isRight, password)
  }
  assert.equal(threads.length, 0)
  assert.equal(await verifyPassword(ours, 'right'), true)
  assert.equal(await verifyPassword(ours, 'wrong'), false)
  assert.equal(threads.length, 1)
})

test('a password whose thread dies is checked all the same, and the next one in a new thread', async () => {
  const ours = await hashPassword('right')
  assert.equal(await verifyPassword(ours, 'right'), true)
  const before = threads.length
  assert.ok(before > 0)

  const answers = ['wrong', 'right', 'right'].map((password) => verifyPassword(ours, password))
  for (const thread of threads) void thread.terminate()
  assert.deepEqual(await Promise.all(answers), [false, true, true])
  assert.equal(await verifyPassword(ours, 'right'), true)
  assert.ok(threads.length > before)
})
