import { hashSync, verifySync } from '@node-rs/argon2'
import { answerQuestions } from '../../service/worker-answers.ts'
import { isHarborHash, verifyHarborHash } from './harbor-hash.ts'
import type { PasswordAnswer, PasswordQuestion } from './password.ts'

/** argon2id, the library's default algorithm, at OWASP's first choice of costs. Memory is in KiB. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** The hash of a forgotten random password: what an unknown name is checked against, so that it costs the same. */
const DUMMY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$Mqhvh+Xgot1a5pfkw+dSmw$muKStn+1AqSzxgeiieF0SGFjtta9X4wM+SB0hLPeo2Y'

answerQuestions((question: PasswordQuestion): PasswordAnswer => {
  try {
    return { value: answer(question) }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
})

function answer(question: PasswordQuestion): string | boolean {
  const { password } = question
  return 'passwordHash' in question
    ? isBehind(question.passwordHash, password)
    : hashSync(password, COST)
}

function isBehind(passwordHash: string, password: string): boolean {
  if (passwordHash === '' || isHarborHash(passwordHash)) {
    const isRight = passwordHash !== '' && verifyHarborHash(passwordHash, password)
    // a wrong password costs what ours cost, or else time would tell whose hash came from Harbor, and so who is known
    if (!isRight) verifySync(DUMMY_HASH, password)
    return isRight
  }
  return verifySync(passwordHash, password)
}
