import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Redis } from 'ioredis'
import { makeFolder } from './folder.ts'
import { findFreePort } from './free-port.ts'
import { startServerProcess } from './server-process.ts'
import { findProgram } from './system-programs.ts'

export interface RedisServer {
  port: number
  /** `127.0.0.1:<port>` */
  address: string
  client: Redis
  stop: () => Promise<void>
  /** Starts it again on the same port, empty. */
  restart: () => Promise<void>
}

/** A real Redis that keeps nothing over a restart, until the test ends. */
export async function startRedis(
  t: TestContext,
  args: readonly string[] = [],
  port?: number,
): Promise<RedisServer> {
  const chosen = port ?? (await findFreePort())
  const folder = await makeFolder(t)
  const start = () =>
    startServerProcess(
      t,
      findProgram('redis-server') ?? 'redis-server',
      [
        '--port',
        String(chosen),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        ...args,
      ],
      { port: chosen, folder, logFile: join(folder, 'redis.log') },
    )
  let server = await start()
  const client = new Redis({ host: '127.0.0.1', port: chosen, lazyConnect: true, protocol: 2 })
  client.on('error', () => undefined)
  t.after(() => client.disconnect())
  return {
    port: chosen,
    address: `127.0.0.1:${chosen}`,
    client,
    stop: () => server.stop(),
    restart: async () => {
      server = await start()
    },
  }
}
