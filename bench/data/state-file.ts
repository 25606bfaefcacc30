import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_FOLDER } from '../../tests/support/project-folder.ts'
import { readColdIndex } from '../load/curl.ts'
import { startAlone } from '../peers/start-alone.ts'
import { say } from '../report/say.ts'
import { CACHE_FOLDER, makeRunFolder } from './folders.ts'
import { type BenchProject, projectOf } from './projects.ts'

export const STATE_FILE = 'index-cache.yaml'

/** A project that has been served before: with `index-cache.yaml`, which is made once for each version of the code. */
export function knownProjectOf(versions: number): BenchProject {
  const project = projectOf(versions)
  return {
    name: project.name,
    write: async (folder) => {
      const file = await makeOnce(versions)
      await project.write(folder)
      await copyFile(file, join(folder, STATE_FILE))
    },
  }
}

async function makeOnce(versions: number): Promise<string> {
  const kept = join(CACHE_FOLDER, `state-${versions}-${hashOfCode()}.yaml`)
  if (existsSync(kept)) return kept
  say(`building the index of ${versions} versions, once`)
  const folder = await makeRunFolder('state')
  const project = projectOf(versions)
  const chartgate = await startAlone([project], { folder, cores: '0,1' })
  await readColdIndex(chartgate, project.name)
  await chartgate.stop()
  await mkdir(CACHE_FOLDER, { recursive: true })
  await copyFile(join(folder, 'charts', project.name, STATE_FILE), `${kept}.half`)
  await rename(`${kept}.half`, kept)
  return kept
}

/** What decides what is in the file. */
function hashOfCode(): string {
  const hash = createHash('sha256')
  for (const folder of ['index', 'chart']) {
    const files = globSync(`chartstore/${folder}/*.ts`, { cwd: PROJECT_FOLDER }).sort()
    for (const file of files) hash.update(readFileSync(join(PROJECT_FOLDER, file)))
  }
  return hash.digest('hex').slice(0, 12)
}
