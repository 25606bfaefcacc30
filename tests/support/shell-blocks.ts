import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_FOLDER } from './project-folder.ts'

/** The contents of the ```sh blocks below a heading of the second level of a document, in their order. */
export async function readShellBlocks(document: string, heading: string): Promise<string[]> {
  const markdown = await readFile(join(PROJECT_FOLDER, document), 'utf8')
  const section = markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const blocks = [...section.matchAll(/^( *)```sh\n(.*?)\n\1```$/gms)]
  if (blocks.length === 0) throw new Error(`${document} has no shell block below "${heading}"`)
  return blocks.map(([, , block = '']) => block)
}

/** One script of blocks that fails where any command does. */
export function toScript(blocks: readonly string[]): string {
  return ['set -euo pipefail', ...blocks.map(checkEachLine)].join('\n')
}

/** `set -e` overlooks what fails in front of `&&`: so the status is asked for after each command. */
function checkEachLine(block: string): string {
  return `${block}\n`.replaceAll(/(?<![\\|])\n/g, '\n[ $? = 0 ]\n')
}
