import { mustRun } from './command.ts'

/** Runs the real curl: the answer's status and body. */
export async function curl(...args: string[]): Promise<{ status: number; body: string }> {
  const output = await mustRun('curl', ['-sS', '-w', '\n%{http_code}', ...args])
  const end = output.lastIndexOf('\n')
  return { status: Number(output.slice(end + 1)), body: output.slice(0, end) }
}
