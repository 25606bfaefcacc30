import { pbkdf2Sync } from 'node:crypto'
import { hashSync, verifySync } from '@node-rs/argon2'
import { answerQuestions } from '../../service/worker-answers.ts'
import { createPasswordAnswer } from './password-answer.ts'

answerQuestions(createPasswordAnswer({ hash: hashSync, verify: verifySync, pbkdf2: pbkdf2Sync }))
