/** Progress, beside the results on standard output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
