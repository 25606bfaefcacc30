import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createAnnouncer, type Told } from '../chartstore/replicas/announcer.ts'
import { eventually } from './support/eventually.ts'

const log = pino({ level: 'silent' })
const change = (version: number) => ({
  project: 'p',
  fileName: `web-1.0.${version}.tgz`,
  entry: '{}',
  files: [],
})

test('what could not be told at once is told late, and said to be', async (t) => {
  const told: Told[] = []
  let isAway = true
  const announcer = createAnnouncer(async (what) => {
    if (isAway) throw new Error('away')
    told.push(what)
  }, log)
  t.after(announcer.close)
  await announcer.announce(change(1))
  isAway = false
  await eventually(async () => assert.deepEqual(told, [{ ...change(1), isLate: true }]))
  await announcer.announce(change(2))
  assert.deepEqual(told.at(-1), change(2))
})

test('a change that comes while the whole project is being told of is told by itself', async (t) => {
  const told: Told[] = []
  let isAway = true
  let answer: (() => void) | undefined
  const announcer = createAnnouncer(async (what) => {
    if (isAway) throw new Error('away')
    told.push(what)
    if (what.fileName === undefined) {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
    }
  }, log)
  t.after(announcer.close)
  for (let version = 0; version <= 1001; version++) await announcer.announce(change(version))
  isAway = false
  await eventually(async () => assert.deepEqual(told, [{ project: 'p' }]))
  await announcer.announce(change(5000))
  answer?.()
  await eventually(async () =>
    assert.deepEqual(
      told.map(({ fileName }) => fileName),
      [undefined, 'web-1.0.5000.tgz'],
    ),
  )
})
