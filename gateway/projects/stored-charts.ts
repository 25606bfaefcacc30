import type { ChartStore } from '../charts/chart-store.ts'
import { readJson } from '../charts/store-answer.ts'

/** How many charts a store has of the project that does not count them itself (a ChartMuseum): it has to list them. */
export async function countCharts(
  store: ChartStore,
  project: string,
  signal?: AbortSignal,
): Promise<number> {
  const path = `/api/${encodeURIComponent(project)}/charts`
  const charts = await readJson(await store.call('GET', path, signal))
  return typeof charts === 'object' && charts !== null ? Object.keys(charts).length : 0
}
