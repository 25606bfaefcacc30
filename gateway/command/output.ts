import type { Readable, Writable } from 'node:stream'

/** Where a command says what came of it: results on standard output, everything else on standard error. */
export interface Output {
  /** The result: one JSON document with `--json`, else text for people. To be called once. */
  result: (value: unknown, text: string) => void
  /** A sentence beside the result. */
  note: (sentence: string) => void
}

/** What a command reads and writes: the process's own, in a process. */
export interface Streams {
  stdin: Readable & { isTTY?: boolean }
  stdout: Pick<Writable, 'write'>
  stderr: Pick<Writable, 'write'>
}

export function createOutput(
  isJson: boolean,
  { stdout, stderr }: Pick<Streams, 'stdout' | 'stderr'>,
): Output {
  return {
    result: (value, text) => {
      stdout.write(isJson ? `${JSON.stringify(value, null, 2)}\n` : ensureLine(text))
    },
    note: (sentence) => void stderr.write(`${sentence.split('\n').map(printable).join('\n')}\n`),
  }
}

/** Columns as wide as their widest cell. `undefined` is an empty cell. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string {
  const lines = [header, ...rows].map((cells) => cells.map((cell) => printable(String(cell ?? ''))))
  const widths = header.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  )
  return lines
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

/** Names come from elsewhere: none of them may send a terminal its commands. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '?')
}

function ensureLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
