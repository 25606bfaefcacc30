import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../../tests/support/command.ts'
import { makeRunFolder } from '../data/folders.ts'
import type { ClientLoad, ClientOptions } from './client.ts'

const SCRIPT = join(import.meta.dirname, 'wrk.lua')

/** wrk on core 1, bounded in time: a Client. */
export async function runWrk(url: string, options: ClientOptions): Promise<ClientLoad> {
  const { seconds, connections = 32, headers = {}, urls, isRefused = false } = options
  const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const load = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '20s']
  const rest = urls === undefined ? [] : ['--', await writePaths(urls)]
  const args = ['-c', '1', 'wrk', ...load, '-s', SCRIPT, ...flags, url, ...rest]
  const text = await mustRun('taskset', args)
  const line = text.split('\n').find((one) => one.startsWith('{'))
  if (line === undefined) throw new Error(`wrk said nothing that can be read:\n${text}`)
  const { refused, broken, ...figures } = JSON.parse(line) as ClientLoad & Failures
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
