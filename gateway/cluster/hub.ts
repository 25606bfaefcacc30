import type { Logger } from '../../service/log.ts'
import type { FromHub, ToHub } from './sibling-messages.ts'

/** Where the workers of a gateway meet: it gives them turns, and passes on what they tell and ask each other. */
export interface Hub {
  connect: (send: (message: FromHub) => void) => HubMember
}

export interface HubMember {
  receive: (message: ToHub) => void
  /** It has died. Nobody gets a turn that it had before what it left has been put in order. */
  leave: () => Promise<void>
}

interface Member {
  send: (message: FromHub) => void
  isJoined: boolean
}

interface Question {
  asker: Member
  id: number
  unanswered: Set<Member>
  answers: unknown[]
  timer: NodeJS.Timeout
}

/** So long an asker waits for one that does not answer. */
const PATIENCE_MS = 1000

/** @param recover puts in order what a member left that died in its turn. */
export function createHub(recover: () => Promise<void>, log: Logger): Hub {
  const members = new Set<Member>()
  /** Who waits for each key; the first one has it. */
  const turns = new Map<string, { member: Member; id: number }[]>()
  const questions = new Map<number, Question>()
  let lastQuestion = 0

  const others = (member: Member) =>
    [...members].filter((other) => other !== member && other.isJoined)

  const take = (member: Member, id: number, key: string) => {
    const queue = turns.get(key) ?? []
    turns.set(key, queue)
    queue.push({ member, id })
    if (queue.length === 1) member.send({ kind: 'taken', id })
  }

  const passOn = (key: string) => {
    const queue = turns.get(key)
    queue?.shift()
    const [next] = queue ?? []
    if (next === undefined) turns.delete(key)
    else next.member.send({ kind: 'taken', id: next.id })
  }

  const ask = (asker: Member, id: number, message: unknown) => {
    const asked = others(asker)
    const number = ++lastQuestion
    const timer = setTimeout(() => finish(number), PATIENCE_MS)
    questions.set(number, { asker, id, unanswered: new Set(asked), answers: [], timer })
    for (const member of asked) member.send({ kind: 'ask', id: number, message })
    if (asked.length === 0) finish(number)
  }

  const finish = (number: number) => {
    const question = questions.get(number)
    if (question === undefined) return
    const { asker, id, unanswered, answers, timer } = question
    clearTimeout(timer)
    questions.delete(number)
    const silent = Array.from(unanswered, () => undefined)
    asker.send({ kind: 'answers', id, answers: [...answers, ...silent] })
  }

  const withdraw = (member: Member, number: number, answers: unknown[]) => {
    const question = questions.get(number)
    if (!question?.unanswered.delete(member)) return
    question.answers.push(...answers)
    if (question.unanswered.size === 0) finish(number)
  }

  const receive = (member: Member, message: ToHub) => {
    switch (message.kind) {
      case 'join':
        member.isJoined = true
        return
      case 'take':
        return take(member, message.id, message.key)
      case 'release':
        return passOn(message.key)
      case 'tell':
        for (const other of others(member)) other.send(message)
        return
      case 'ask':
        return ask(member, message.id, message.message)
      case 'answer':
        return withdraw(member, message.id, [message.answer])
    }
  }

  const leave = async (member: Member) => {
    members.delete(member)
    for (const number of questions.keys()) withdraw(member, number, [])
    const left: string[] = []
    for (const [key, queue] of turns) {
      const [holder, ...rest] = queue
      const waiting = rest.filter((turn) => turn.member !== member)
      if (holder !== undefined) turns.set(key, [holder, ...waiting])
      if (holder?.member === member) left.push(key)
    }
    await recover().catch((error: unknown) =>
      log.error({ err: error }, 'what a worker was writing could not be put in order'),
    )
    for (const key of left) {
      for (const { send } of others(member)) send({ kind: 'abandoned', key })
      passOn(key)
    }
  }

  return {
    connect: (send) => {
      const member: Member = { send, isJoined: false }
      members.add(member)
      return {
        receive: (message) => {
          // what it said last may come after the news of its death
          if (members.has(member)) receive(member, message)
        },
        leave: () => leave(member),
      }
    },
  }
}
