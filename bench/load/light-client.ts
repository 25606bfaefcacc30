import { join } from 'node:path'
import { mustRun } from '../../tests/support/command.ts'
import { makeRunFolder } from '../data/folders.ts'
import type { Client } from './client.ts'

const SOURCE = join(import.meta.dirname, 'light-client.c')

/** Compiles light-client.c. @returns it on core 1, as wrk is, for a server that needs this core too */
export async function buildLightClient(): Promise<Client> {
  const program = join(await makeRunFolder('light-client'), 'light-client')
  await mustRun('cc', ['-O2', '-o', program, SOURCE])
  return async (url, { seconds, connections = 32, headers = {}, urls, isRefused = false }) => {
    if (urls !== undefined || isRefused) {
      throw new Error('the light client asks for one thing, which must be answered by 200')
    }
    const { hostname, port, host, pathname } = new URL(url)
    const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`)
    const input = [`GET ${pathname} HTTP/1.1`, ...lines, '', ''].join('\r\n')
    const args = [hostname, port, String(connections), String(seconds)]
    return JSON.parse(await mustRun('taskset', ['-c', '1', program, ...args], { input }))
  }
}
