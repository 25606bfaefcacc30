import type { Logger } from '../../service/log.ts'
import type { SiblingListener, Siblings } from '../../service/siblings.ts'
import type { FromHub, ToHub } from './sibling-messages.ts'

export interface HubConnection {
  siblings: Siblings
  receive: (message: FromHub) => void
}

/** The siblings of a worker, as it reaches them through the primary. */
export function connectToHub(send: (message: ToHub) => void, log: Logger): HubConnection {
  /** What waits for the hub, by id. */
  const waiting = new Map<number, (answers: unknown[]) => void>()
  let lastId = 0
  let listener: SiblingListener | undefined

  const request = async (toMessage: (id: number) => ToHub): Promise<unknown[]> => {
    const id = ++lastId
    const { promise, resolve } = Promise.withResolvers<unknown[]>()
    waiting.set(id, resolve)
    send(toMessage(id))
    return promise
  }

  const settle = (id: number, answers: unknown[] = []) => {
    waiting.get(id)?.(answers)
    waiting.delete(id)
  }

  const listening = async (work: Promise<unknown> | undefined): Promise<unknown> =>
    work?.catch((error: unknown) => log.error({ err: error }, 'a sibling was not understood'))

  return {
    siblings: {
      alone: async (key, task, around) => {
        await request((id) => ({ kind: 'take', id, key, around }))
        try {
          return await task()
        } finally {
          send({ kind: 'release', key })
        }
      },
      tell: (message) => send({ kind: 'tell', message }),
      ask: (message) => request((id) => ({ kind: 'ask', id, message })),
      join: (given) => {
        listener = given
        send({ kind: 'join' })
      },
    },
    receive: (message) => {
      switch (message.kind) {
        case 'taken':
          return settle(message.id)
        case 'answers':
          return settle(message.id, message.answers)
        case 'tell':
          return void listening(listener?.onMessage(message.message))
        case 'abandoned':
          return void listening(listener?.onAbandoned(message.key))
        case 'ask':
          void listening(listener?.onMessage(message.message)).then((answer) =>
            send({ kind: 'answer', id: message.id, answer }),
          )
      }
    },
  }
}
