import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createPlainLines } from '../service/log.ts'

const VALUES = {
  method: 'GET',
  route: '/a"b\\c\n\u0007\u2028é\ud800',
  status: 200,
  ms: 0.5,
  isCut: true,
  principal: undefined,
}

for (const bindings of [{}, { worker: 2, 'na"me': 'x' }]) {
  test(`a plain line is the one that pino writes, with ${JSON.stringify(bindings)} bound`, () => {
    const lines: string[] = []
    const log = pino({}, { write: (line) => lines.push(line) }).child(bindings)
    createPlainLines(log, 'request')(VALUES)
    log.info(VALUES, 'request')
    assert.equal(lines.length, 2)
    const [plain, own] = lines.map((line) => ({ ...JSON.parse(line), time: 0 }))
    assert.deepEqual(plain, own)
    for (const line of lines) assert.match(line, /^[^\n]+\n$/)
  })
}

test('a plain line has the time, and is left out where the level is higher', () => {
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line) => lines.push(line) })
  const writeLine = createPlainLines(log, 'request')
  const before = Date.now()
  writeLine({})
  const { time } = JSON.parse(lines[0] ?? '')
  assert.ok(time >= before && time <= Date.now())
  log.level = 'warn'
  writeLine({})
  assert.equal(lines.length, 1)
})
