import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createObjectLimit, LimitReached } from '../chartstore/index/object-limit.ts'

test('a file that is written while names are being listed counts', async () => {
  const inStorage = new Set<string>()
  let goOn = () => {}
  let isSlow = false
  const limit = createObjectLimit(3, async () => {
    const seen = [...inStorage]
    if (isSlow) {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
    }
    return seen
  })
  const upload = async (name: string) => {
    const settle = await limit.reserve([name])
    inStorage.add(name)
    settle()
  }
  await upload('a-1.0.0.tgz')
  const settle = await limit.reserve(['b-1.0.0.tgz'])
  isSlow = true
  const tooMany = limit.reserve(['c-1.0.0.tgz', 'c-1.0.0.tgz.prov'])
  // The listing that tooMany waits for has been made, and does not know this one.
  inStorage.add('b-1.0.0.tgz')
  settle()
  goOn()
  await assert.rejects(tooMany, LimitReached)
  isSlow = false
  await upload('d-1.0.0.tgz')
  await assert.rejects(upload('e-1.0.0.tgz'), LimitReached)
  assert.deepEqual([...inStorage].sort(), ['a-1.0.0.tgz', 'b-1.0.0.tgz', 'd-1.0.0.tgz'])
})
