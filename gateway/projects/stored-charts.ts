import type { ChartStore, StoreAnswer } from '../charts/chart-store.ts'
import { readJson } from '../charts/store-answer.ts'

/** Whether a store did not know what it was asked: a ChartMuseum, which counts nothing. Some of its paths are its welcome page. */
export function isUnknownRoute({ status, headers }: StoreAnswer): boolean {
  return status === 404 || (status === 200 && /^text\/html\b/.test(headers['content-type'] ?? ''))
}

/** How many charts such a store has of the project: it has to list them. */
export async function countCharts(
  store: ChartStore,
  project: string,
  options?: { signal: AbortSignal },
): Promise<number> {
  const path = `/api/${encodeURIComponent(project)}/charts`
  const charts = await readJson(await store.call('GET', path, options))
  return typeof charts === 'object' && charts !== null ? Object.keys(charts).length : 0
}
