import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { findFreePort } from '../../tests/support/free-port.ts'
import { findProgram } from '../../tests/support/system-programs.ts'
import type { BenchProject } from '../data/projects.ts'
import { ask } from '../load/ask.ts'
import type { Peer } from './peer.ts'
import { startServer } from './server.ts'

/** nginx with the packages of these projects, and with what `original` answers for them, as files. */
export async function startNginx(options: {
  folder: string
  original: Peer
  projects: readonly BenchProject[]
}): Promise<Peer> {
  const { folder, original, projects } = options
  const files = join(folder, 'files')
  for (const project of projects) {
    await copyAnswers(original, project.name, files)
    await project.write(join(files, 'chartrepo', project.name, 'charts'))
  }
  await mkdir(join(folder, 'tmp'))
  // as in makeRunFolder
  await chmod(join(folder, 'tmp'), 0o777)

  const port = await findFreePort()
  const shipped = await readFile(join(import.meta.dirname, 'nginx.conf'), 'utf8')
  const conf = join(folder, 'nginx.conf')
  await writeFile(conf, shipped.replace('127.0.0.1:8080', `127.0.0.1:${port}`))
  const server = await startServer({
    program: findProgram('nginx') ?? 'nginx',
    args: ['-p', folder, '-e', 'stderr', '-c', conf],
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: `/chartrepo/${projects[0]?.name}/index.yaml`,
    logFile: join(folder, 'nginx.log'),
  })
  return {
    ...server,
    name: 'nginx',
    headers: {},
    repository: (project) => `${server.url}/chartrepo/${project}`,
    api: (project) => `${server.url}/api/chartrepo/${project}`,
  }
}

async function copyAnswers(original: Peer, project: string, files: string): Promise<void> {
  const { headers } = original
  const save = async (url: string, file: string) => {
    const { body } = await ask(url, { headers })
    await mkdir(dirname(join(files, file)), { recursive: true })
    await writeFile(join(files, file), body)
    return body
  }
  const index = `chartrepo/${project}/index.yaml`
  const yaml = await save(`${original.repository(project)}/index.yaml`, index)
  await writeFile(join(files, `${index}.gz`), gzipSync(yaml))

  const api = `api/chartrepo/${project}/charts`
  const list = await save(`${original.api(project)}/charts`, `${api}.json`)
  const [chart] = JSON.parse(list.toString()) as { name: string; latest_version: string }[]
  if (chart === undefined) throw new Error(`${project} has no charts`)
  const path = `${chart.name}/${chart.latest_version}`
  await save(`${original.api(project)}/charts/${chart.name}`, `${api}/${chart.name}.json`)
  await save(`${original.api(project)}/charts/${path}`, `${api}/${path}.json`)
}
