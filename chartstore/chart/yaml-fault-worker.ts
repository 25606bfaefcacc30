import { parentPort, workerData } from 'node:worker_threads'
import { becomeBackgroundThread } from '../../service/background-thread.ts'
import { type YamlAnswer, type YamlQuestion, yamlFault } from './yaml-fault.ts'

becomeBackgroundThread()
const answer: YamlAnswer = { fault: yamlFault(workerData as YamlQuestion) }
parentPort?.postMessage(answer)
