import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { pino } from 'pino'
import { createHub, type Hub } from '../gateway/cluster/hub.ts'
import { connectToHub, type HubConnection } from '../gateway/cluster/siblings-by-hub.ts'

const log = pino({ level: 'silent' })

/** A worker on a hub, without processes between them. */
function join(hub: Hub, answer: (message: unknown) => Promise<unknown> = async () => undefined) {
  const heard: unknown[] = []
  const connection: HubConnection = connectToHub((message) => member.receive(message), log)
  const member = hub.connect((message) => queueMicrotask(() => connection.receive(message)))
  connection.siblings.join({
    onMessage: (message) => {
      heard.push(message)
      return answer(message)
    },
    onAbandoned: async (key) => void heard.push({ abandoned: key }),
  })
  return { ...connection.siblings, heard, leave: member.leave }
}

test('turns of one key are given in the order in which they were asked for, of others at once', async () => {
  const hub = createHub(async () => undefined, log)
  const [one, two] = [join(hub), join(hub)]
  const order: string[] = []
  const held = Promise.withResolvers<void>()
  const first = one.alone('p/a', async () => {
    order.push('first')
    await held.promise
  })
  const second = two.alone('p/a', async () => void order.push('second'))
  const third = one.alone('p/a', async () => void order.push('third'))
  await two.alone('p/b', async () => void order.push('another key'))
  assert.deepEqual(order, ['first', 'another key'])
  held.resolve()
  await Promise.all([first, second, third])
  assert.deepEqual(order, ['first', 'another key', 'second', 'third'])
})

test('all others have heard what comes before a turn when it is given, and hear what comes after', async () => {
  const hub = createHub(async () => undefined, log)
  const [one, two] = [join(hub), join(hub)]
  const around = { before: 'writing', after: 'written' }
  const heard = await one.alone('p/a', async () => [...two.heard], around)
  assert.deepEqual(heard, ['writing'])
  await two.alone('p/a', async () => assert.deepEqual(two.heard, ['writing', 'written']))
})

test('a task that fails gives its turn back, and its error to who ran it', async () => {
  const hub = createHub(async () => undefined, log)
  const [one, two] = [join(hub), join(hub)]
  await assert.rejects(
    one.alone('p/a', () => Promise.reject(new Error('full'))),
    /full/,
  )
  assert.equal(await two.alone('p/a', async () => 'done'), 'done')
})

test('nobody has the turn of one that died before what it left is in order and the others know', async () => {
  const recovered = Promise.withResolvers<void>()
  const hub = createHub(() => recovered.promise, log)
  const [dying, other] = [join(hub), join(hub)]
  void dying.alone('p/a', () => new Promise(() => undefined))
  const next = other.alone('p/a', async () => [...other.heard])
  const left = dying.leave()
  await turnOfTheLoop()
  assert.deepEqual(other.heard, [])
  recovered.resolve()
  await left
  assert.deepEqual(await next, [{ abandoned: 'p/a' }])
})

test('what cannot be put in order holds nobody up for ever', async () => {
  const hub = createHub(() => Promise.reject(new Error('read-only')), log)
  const [dying, other] = [join(hub), join(hub)]
  void dying.alone('p/a', () => new Promise(() => undefined))
  await dying.leave()
  assert.equal(await other.alone('p/a', async () => 'done'), 'done')
})

test('all others answer; one that dies meanwhile is not waited for, and the silent are told apart', async () => {
  const hub = createHub(async () => undefined, log)
  const asker = join(hub)
  join(hub, async () => 1)
  join(hub, () => Promise.reject(new Error('not understood')))
  join(hub, () => new Promise(() => undefined))
  const dying = join(hub, () => new Promise(() => undefined))
  const answers = asker.ask('how many?')
  await dying.leave()
  assert.deepEqual((await answers).toSorted(), [1, undefined, undefined])
  assert.deepEqual(asker.heard, [])
})

test('what is told and asked is heard in that order', async () => {
  const hub = createHub(async () => undefined, log)
  const [one, two] = [join(hub), join(hub)]
  one.tell('a')
  const asked = one.ask('b')
  one.tell('c')
  await asked
  assert.deepEqual(two.heard, ['a', 'b', 'c'])
})
