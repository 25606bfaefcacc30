#!/usr/bin/env node
// The admin command, for whatever Node the machine has: the program runs on the Node 24 that npm has installed with it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const main = new URL('../gateway/command/main.ts', import.meta.url)
const codeCache = new URL('../service/code-cache.js', import.meta.url)
const ownNode = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
const [major] = process.versions.node.split('.').map(Number)

if (major >= 24) {
  await import(codeCache.href)
  await import(main.href)
} else if (existsSync(ownNode)) {
  const args = ['--import', codeCache.href, fileURLToPath(main), ...process.argv.slice(2)]
  const child = spawn(ownNode, args, { stdio: 'inherit' })
  // Ctrl-C on the terminal reaches the program by itself, which then ends in order: this waits for it.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal]
  })
} else {
  process.stderr.write(
    'chartgate: its own Node 24 is not installed: run npm ci in its folder first\n',
  )
  process.exitCode = 78
}
