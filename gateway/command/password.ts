import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Option } from 'commander'
import { Interrupted, UsageError } from './exit-code.ts'
import type { Output, Streams } from './output.ts'

export interface PasswordOptions {
  password?: string
  passwordStdin?: true
}

export const passwordOptions = () => [
  new Option('--password-stdin', 'read the password from standard input'),
  new Option('--password <password>', 'others on this machine may see it there').conflicts(
    'passwordStdin',
  ),
]

/** The new password: as the options say, or asked for twice on the terminal, without showing it. */
export async function readNewPassword(
  { password, passwordStdin }: PasswordOptions,
  { output, streams }: { output: Output; streams: Streams },
): Promise<string> {
  if (password !== undefined) {
    output.note(
      'warning: the command line shows the password to others on this machine, and shells keep it: ' +
        'better is --password-stdin',
    )
    return password
  }
  if (passwordStdin) return (await text(streams.stdin)).replace(/\r?\n$/, '')
  if (!streams.stdin.isTTY) {
    throw new UsageError('there is no terminal to ask for the password: use --password-stdin')
  }
  return askTwice(streams)
}

/** readline takes care of the keys, and what it would show goes nowhere. */
async function askTwice({ stdin, stderr }: Streams): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: stdin, output: nowhere, terminal: true })
  // in raw mode Ctrl-C is a key like others
  terminal.once('SIGINT', () => terminal.close())
  const lines = terminal[Symbol.asyncIterator]()
  const ask = async (question: string): Promise<string> => {
    stderr.write(question)
    const line = await lines.next()
    stderr.write('\n')
    if (line.done === true) throw new Interrupted()
    return line.value
  }
  try {
    const password = await ask('New password: ')
    if (password === (await ask('The same again: '))) return password
    throw new UsageError('the two passwords differ: nothing was changed')
  } finally {
    terminal.close()
  }
}
