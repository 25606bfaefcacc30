import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { basicAuth } from '../../tests/support/accounts.ts'

const IN_FLIGHT = 32
const PER_SECOND = 500

export interface Flood {
  /** Ends it. @returns how many requests were answered with which status */
  stop: () => Promise<Map<number, number>>
}

/**
 * Guesses passwords of made-up users from so many addresses (all of 127.0.0.0/8 is this machine), at most 500 a second and 32
 * at a time.
 */
export function startFlood(url: string, addresses: number): Flood {
  const agent = new Agent({ keepAlive: true })
  const answers = new Map<number, number>()
  let count = 0
  let isOver = false
  const guess = async () => {
    while (!isOver) {
      const startedAt = performance.now()
      count += 1
      const localAddress = `127.0.1.${1 + (count % addresses)}`
      const guesses = { username: `nobody-${count % 5000}`, password: `guess-${count}` }
      const status = await new Promise<number>((resolve, reject) => {
        request(url, { agent, localAddress, headers: basicAuth(guesses) }, (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
        })
          .once('error', reject)
          .end()
      })
      answers.set(status, (answers.get(status) ?? 0) + 1)
      const pauseMs = (IN_FLIGHT * 1000) / PER_SECOND - (performance.now() - startedAt)
      if (pauseMs > 0) await delay(pauseMs)
    }
  }
  const guessing = Promise.all(Array.from({ length: IN_FLIGHT }, guess))
  // heard of where it is stopped
  guessing.catch(() => undefined)
  return {
    stop: async () => {
      isOver = true
      await guessing.finally(() => agent.destroy())
      return answers
    },
  }
}
