import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { findFreePort } from './free-port.ts'
import { PROJECT_FOLDER } from './project-folder.ts'
import { startServerProcess } from './server-process.ts'
import { findProgram } from './system-programs.ts'

export interface RunningNginx {
  httpUrl: string
  httpsUrl: string
}

/** The real nginx with nginx/nginx.conf, of which only addresses, ports and paths are replaced. */
export async function startNginx(
  t: TestContext,
  options: { gatewayUrl: string; tlsFolder: string; folder: string },
): Promise<RunningNginx> {
  const { gatewayUrl, tlsFolder, folder } = options
  const httpPort = await findFreePort()
  const httpsPort = await findFreePort()
  // Its workers are an ordinary user's also when the test is root's.
  const temporary = join(folder, 'nginx')
  await mkdir(temporary)
  await chmod(folder, 0o755)
  await chmod(temporary, 0o777)
  const shipped = await readFile(join(PROJECT_FOLDER, 'nginx', 'nginx.conf'), 'utf8')
  const configuration = replaceEach(shipped, {
    // First: later replacements may have it in them.
    ' /tmp/': ` ${temporary}/`,
    'listen 8080;': `listen 127.0.0.1:${httpPort};`,
    'listen 8443 ssl;': `listen 127.0.0.1:${httpsPort} ssl;`,
    'server gateway:8080;': `server ${new URL(gatewayUrl).host};`,
    'default https://$host;': `default https://$host:${httpsPort};`,
    ' /etc/nginx/tls/': ` ${tlsFolder}/`,
  })
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configuration)
  const program = findProgram('nginx')
  assert.ok(program, 'nginx is installed')
  await startServerProcess(t, program, ['-c', file, '-g', 'daemon off;'], {
    port: httpsPort,
    folder,
    logFile: join(folder, 'nginx.log'),
  })
  return {
    httpUrl: `http://127.0.0.1:${httpPort}`,
    httpsUrl: `https://127.0.0.1:${httpsPort}`,
  }
}

function replaceEach(text: string, replacements: Record<string, string>): string {
  let result = text
  for (const [from, to] of Object.entries(replacements)) {
    assert.ok(result.includes(from), `nginx.conf has "${from}"`)
    result = result.replaceAll(from, () => to)
  }
  return result
}
