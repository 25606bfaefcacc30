import { type CommandResult, runCommand } from './command.ts'
import { PROJECT_FOLDER } from './project-folder.ts'

/** The admin command as a process of its own, with these variables and no others. */
export function runChartgate(
  args: readonly string[],
  env: Record<string, string>,
  input = '',
): Promise<CommandResult> {
  const { PATH, HOME } = process.env
  return runCommand(process.execPath, ['gateway/command/main.ts', ...args], {
    cwd: PROJECT_FOLDER,
    env: { PATH, HOME, ...env },
    input,
    timeoutMs: 60_000,
  })
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
