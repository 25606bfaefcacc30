import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeHarborHash } from '../gateway/auth/harbor-hash.ts'
import { hashPassword, verifyPassword } from '../gateway/auth/password.ts'

test('a lone password is checked without a thread, and those that come soon after it in one', async (t) => {
  let threads = 0
  const count = () => threads++
  process.on('worker', count)
  t.after(() => process.off('worker', count))
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
  assert.equal(threads, 0)
  assert.equal(await verifyPassword(ours, 'right'), true)
  assert.equal(await verifyPassword(ours, 'wrong'), false)
  assert.equal(threads, 1)
})
