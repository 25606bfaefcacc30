import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { listen } from '../service/http-server.ts'
import { writeParts } from '../service/write-parts.ts'

test('a reader that takes all at once has it in many turns of the event loop: others come in between', async (t) => {
  const parts = Array.from({ length: 640 }, (_, number) => Buffer.from(`part ${number}\n`))
  let turns = 0
  const server = createServer(async (req, res) => {
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    await writeParts(res, req.socket, parts)
    isOver = true
  })
  t.after(() => server.close())
  const answer = await fetch(await listen(server, '127.0.0.1', 0))
  assert.equal(await answer.text(), Buffer.concat(parts).toString())
  assert.ok(turns >= 9, `${turns} turns for ten times 64 parts`)
})
