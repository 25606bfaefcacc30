import { z } from 'zod'
import { StartError } from '../../service/start-error.ts'
import type { ChartStore } from '../charts/chart-store.ts'
import { readJson } from '../charts/store-answer.ts'
import { BadGateway } from '../http/errors.ts'
import type { IndexedPackage } from './chart-files.ts'

/** ChartMuseum's chart list, as far as it is of use here. */
const chartList = z.record(
  z.string(),
  z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      digest: z.string().default(''),
      urls: z.array(z.string()),
    }),
  ),
)

/** The index of a project as its store has it, by file name. */
export async function readStoredIndex(
  store: ChartStore,
  project: string,
): Promise<Map<string, IndexedPackage>> {
  const path = `/api/${encodeURIComponent(project)}/charts`
  const parsed = chartList.safeParse(await ask(store, 'GET', path))
  if (!parsed.success) throw new BadGateway(parsed.error)
  const versions = Object.values(parsed.data).flat()
  return new Map(
    versions.map(({ name, version, digest, urls: [url = ''] }) => [
      url.slice(url.lastIndexOf('/') + 1),
      { name, version, digest },
    ]),
  )
}

const rebuilt = z.object({
  charts: z.int(),
  versions: z.int(),
  problems: z.array(z.object({ fileName: z.string(), message: z.string() })),
})

/** Has the store read every package of a project anew. @throws {BadGateway} where it cannot. */
export async function rebuildStoredIndex(
  store: ChartStore,
  project: string,
): Promise<z.output<typeof rebuilt>> {
  const path = `/api/${encodeURIComponent(project)}/_reindex`
  const answer = await ask(store, 'POST', path)
  const parsed = rebuilt.safeParse(answer)
  if (!parsed.success) throw new BadGateway(answer)
  return parsed.data
}

async function ask(store: ChartStore, method: 'GET' | 'POST', path: string): Promise<unknown> {
  const answer = await store.call(method, path)
  if (answer.status !== 404) return readJson(answer)
  answer.body.resume()
  throw new StartError(
    `the chart store knows no ${method} ${path}: it has DISABLE_API set, or is none of Chartgate`,
  )
}
