import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../../tests/support/command.ts'
import { makeRunFolder } from '../data/folders.ts'

export interface WrkLoad {
  requests: number
  seconds: number
  bytes: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
}

export interface WrkOptions {
  seconds: number
  connections?: number
  headers?: Record<string, string>
  /** Of the same server, asked for in turn instead of the one. */
  urls?: readonly string[] | undefined
  /** Every answer must be a refusal. */
  isRefused?: boolean
}

const SCRIPT = join(import.meta.dirname, 'wrk.lua')

/** wrk on core 1, bounded in time. Throws where one answer was no success: figures of failing requests are worth nothing. */
export async function runWrk(url: string, options: WrkOptions): Promise<WrkLoad> {
  const { seconds, connections = 32, headers = {}, urls, isRefused = false } = options
  const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const load = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '20s']
  const rest = urls === undefined ? [] : ['--', await writePaths(urls)]
  const args = ['-c', '1', 'wrk', ...load, '-s', SCRIPT, ...flags, url, ...rest]
  const text = await mustRun('taskset', args)
  const line = text.split('\n').find((one) => one.startsWith('{'))
  if (line === undefined) throw new Error(`wrk said nothing that can be read:\n${text}`)
  const { refused, broken, ...figures } = JSON.parse(line) as WrkLoad & Failures
  const wrong = isRefused ? figures.requests - refused : refused
  if (wrong + broken > 0 || figures.requests === 0) {
    throw new Error(
      `${url}: of ${figures.requests} requests ${wrong} were not answered as they should and ${broken} broke off`,
    )
  }
  return figures
}

async function writePaths(urls: readonly string[]): Promise<string> {
  const file = join(await makeRunFolder('paths'), 'paths.txt')
  await writeFile(file, urls.map((url) => `${new URL(url).pathname}\n`).join(''))
  return file
}

interface Failures {
  /** Answers of 400 and more. */
  refused: number
  /** Sockets that failed or timed out. */
  broken: number
}
