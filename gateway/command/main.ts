import { EXIT } from './exit-code.ts'
import { runProgram } from './program.ts'

/** The admin command as a process: `npx chartgate`. The first Ctrl-C ends it in order, the second at once. */
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(EXIT.interrupted)
    stopping.abort()
  })
}
// whoever reads no further (`| head`) is no reason to leave anything half done
process.stdout.on('error', () => undefined)
process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  streams: process,
  signal: stopping.signal,
})
