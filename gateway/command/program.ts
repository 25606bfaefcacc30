import { Command } from 'commander'
import type { Env } from '../../service/env.ts'
import { VERSION } from '../../service/version.ts'
import { type CommandContext, createContext } from './context.ts'
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts'
import { addImportHarborCommand } from './import-harbor.ts'
import { addMigrateCommand } from './migrate.ts'
import { createOutput, type Streams } from './output.ts'
import { addProjectCommands } from './project.ts'
import { addReindexCommand } from './reindex.ts'
import { addRobotCommands } from './robot.ts'
import { addUserCommands } from './user.ts'
import { addVerifyCommand } from './verify.ts'

/** Makes the action of a command: what it opened is closed afterwards, however it ended. */
export type Run = <Args extends unknown[]>(
  work: (context: CommandContext, ...args: Args) => Promise<void>,
) => (...args: Args) => Promise<void>

const HELP = `
It works on what the gateway works on: run it in the gateway's folder, as its user, with its variables (DATA_DIR,
DATABASE_URL, CHARTSTORE_URL, STORAGE…). It may run beside the gateway.

Exit codes: 0 done, 1 found problems or was refused, 64 wrong usage, 69 database or chart store unavailable,
70 a fault of its own, 78 wrong configuration, 130 interrupted.
`

/**
 * Runs a command line to its end.
 * @param args without the program's own name.
 * @param signal aborts it in order.
 */
export async function runProgram(
  args: readonly string[],
  { env, streams, signal }: { env: Env; streams: Streams; signal: AbortSignal },
): Promise<ExitCode> {
  const program = new Command('chartgate')
    .description('Administers a Chartgate from the command line.')
    .version(VERSION)
    .option('--json', 'print one JSON document')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
    })
  const isJson = () => program.opts<{ json?: true }>().json === true
  let code: ExitCode = EXIT.done

  const run: Run =
    (work) =>
    async (...actionArgs) => {
      const opened = createContext({
        env,
        output: createOutput(isJson(), streams),
        streams,
        signal,
      })
      try {
        opened.context.checkInterrupted()
        await work(opened.context, ...actionArgs)
        if (opened.hasProblems()) code = EXIT.problems
      } finally {
        await opened.close()
      }
    }
  addMigrateCommand(program, run)
  addUserCommands(program, run)
  addProjectCommands(program, run)
  addRobotCommands(program, run)
  addReindexCommand(program, run)
  addVerifyCommand(program, run)
  addImportHarborCommand(program, run)

  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    const failure = exitCodeOf(error)
    if (!isCommanderOwn(error)) createOutput(isJson(), streams).note(describe(error, failure))
    return failure
  }
}

/** commander has told of its errors already. */
function isCommanderOwn(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
}

function describe(error: unknown, code: ExitCode): string {
  if (code === EXIT.software) {
    const detail = error instanceof Error ? error.stack : String(error)
    return `chartgate: this should not have happened: ${detail}`
  }
  return `chartgate: ${error instanceof Error ? error.message : String(error)}`
}
