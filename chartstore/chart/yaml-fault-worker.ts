import { parentPort, workerData } from 'node:worker_threads'
import { type YamlAnswer, type YamlQuestion, yamlFault } from './yaml-fault.ts'

const answer: YamlAnswer = { fault: yamlFault(workerData as YamlQuestion) }
parentPort?.postMessage(answer)
