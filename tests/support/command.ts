import { spawn } from 'node:child_process'

export interface CommandResult {
  /** null where a signal ended it. */
  status: number | null
  stdout: string
  stderr: string
}

export interface CommandOptions {
  cwd?: string
  /** Instead of this process's own variables. */
  env?: NodeJS.ProcessEnv
  /** Written to its standard input. */
  input?: string
  timeoutMs?: number
}

/** Runs a program to its end, whatever the end is. Throws only where the program cannot be started. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    timeout: options.timeoutMs ?? 120_000,
    stdio: 'pipe',
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  // A program may end without reading its input.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { status, ...output }
}

/** Runs a program that must succeed, and returns what it printed to standard output. */
export async function mustRun(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await runCommand(file, args, options)
  if (status === 0) return stdout
  const shown = `${stdout}${stderr}`.trimEnd()
  throw new Error(`${[file, ...args].join(' ')} ended with ${status}:\n${shown}`)
}
