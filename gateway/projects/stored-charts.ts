import type { ChartStore } from '../charts/chart-store.ts'
import { readJson } from '../charts/store-answer.ts'

/** How many charts (not versions) the store has of the project. */
export async function countCharts(store: ChartStore, project: string): Promise<number> {
  const path = `/api/${encodeURIComponent(project)}/charts`
  const first = await store.call('GET', `${path}?limit=1`)
  const names = listNames(await readJson(first))
  // our store tells the total; ChartMuseum has to be asked for all
  const total = first.headers['x-total-count']
  if (total !== undefined) return Number(total)
  if (names.length === 0) return 0
  return listNames(await readJson(await store.call('GET', path))).length
}

/** Whether the store has a chart of the project. */
export async function hasCharts(store: ChartStore, project: string): Promise<boolean> {
  const path = `/api/${encodeURIComponent(project)}/charts?limit=1`
  return listNames(await readJson(await store.call('GET', path))).length > 0
}

function listNames(charts: unknown): string[] {
  return typeof charts === 'object' && charts !== null ? Object.keys(charts) : []
}
