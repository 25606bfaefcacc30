import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { runProgram } from '../../gateway/command/program.ts'
import { type CommandResult, runCommand } from './command.ts'
import { PROJECT_FOLDER } from './project-folder.ts'

/** The admin command with these variables and no others, in this process: to start one for each takes a second. */
export async function runChartgate(
  args: readonly string[],
  env: Record<string, string>,
  input = '',
  signal = new AbortController().signal,
): Promise<CommandResult> {
  const output = { stdout: '', stderr: '' }
  const collect = (name: keyof typeof output) => ({
    write: (text: string) => {
      output[name] += text
      return true
    },
  })
  const streams = {
    stdin: Readable.from([input]),
    stdout: collect('stdout'),
    stderr: collect('stderr'),
  }
  const status = await runProgram(args, { env, streams, signal })
  return { status, ...output }
}

/** The same as a process of its own. */
export function runChartgateProcess(
  args: readonly string[],
  env: Record<string, string>,
): Promise<CommandResult> {
  return runCommand(process.execPath, [MAIN, ...args], {
    cwd: PROJECT_FOLDER,
    env: environment(env),
    timeoutMs: 60_000,
  })
}

/** One that is to be killed. */
export function startChartgateProcess(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: PROJECT_FOLDER,
    env: environment(env),
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended }
}

const MAIN = 'gateway/command/main.ts'

function environment(env: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env
  return { PATH, HOME, ...env }
}

/** Its JSON. @throws where the exit code is another. */
export async function readChartgate(
  args: readonly string[],
  env: Record<string, string>,
  { input = '', status = 0 } = {},
): Promise<unknown> {
  const result = await runChartgate([...args, '--json'], env, input)
  if (result.status === status) return JSON.parse(result.stdout)
  throw new Error(`chartgate ${args.join(' ')} ended with ${result.status}:\n${result.stderr}`)
}
