import type { Logger } from '../../service/log.ts'
import type { Around } from '../../service/siblings.ts'
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

interface Turn {
  member: Member
  id: number
  around: Around | undefined
}

interface Question {
  unanswered: Set<Member>
  answers: unknown[]
  timer: NodeJS.Timeout
  done: (answers: unknown[]) => void
}

/** So long an asker waits for one that does not answer. */
const PATIENCE_MS = 1000

/** @param recover puts in order what a member left that died in its turn. */
export function createHub(recover: () => Promise<void>, log: Logger): Hub {
  const members = new Set<Member>()
  /** Who waits for each key; the first one has it. */
  const turns = new Map<string, Turn[]>()
  const questions = new Map<number, Question>()
  let lastQuestion = 0

  const others = (member: Member) =>
    [...members].filter((other) => other !== member && other.isJoined)

  const tell = (member: Member, message: unknown) => {
    for (const { send } of others(member)) send({ kind: 'tell', message })
  }

  const give = ({ member, id, around }: Turn) => {
    const taken = () => member.send({ kind: 'taken', id })
    if (around === undefined) taken()
    else ask(member, around.before, taken)
  }

  const take = (turn: Turn, key: string) => {
    const queue = turns.get(key) ?? []
    turns.set(key, queue)
    queue.push(turn)
    if (queue.length === 1) give(turn)
  }

  const passOn = (key: string) => {
    const queue = turns.get(key)
    const ended = queue?.shift()
    if (ended?.around !== undefined) tell(ended.member, ended.around.after)
    const [next] = queue ?? []
    if (next === undefined) turns.delete(key)
    else give(next)
  }

  const ask = (asker: Member, message: unknown, done: Question['done']) => {
    const asked = others(asker)
    const number = ++lastQuestion
    const timer = setTimeout(() => finish(number), PATIENCE_MS)
    questions.set(number, { unanswered: new Set(asked), answers: [], timer, done })
    for (const { send } of asked) send({ kind: 'ask', id: number, message })
    if (asked.length === 0) finish(number)
  }

  const finish = (number: number) => {
    const question = questions.get(number)
    if (question === undefined) return
    const { unanswered, answers, timer, done } = question
    clearTimeout(timer)
    questions.delete(number)
    done([...answers, ...Array.from(unanswered, () => undefined)])
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
        return take({ member, id: message.id, around: message.around }, message.key)
      case 'release':
        return passOn(message.key)
      case 'tell':
        return tell(member, message.message)
      case 'ask': {
        const { id } = message
        return ask(member, message.message, (answers) =>
          member.send({ kind: 'answers', id, answers }),
        )
      }
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
