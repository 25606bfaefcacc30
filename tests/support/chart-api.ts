import { ADMIN, basicAuth } from './accounts.ts'

/** The charts of one project, where a client finds them: at a store alone, or at a gateway. */
export interface ChartApi {
  /** Takes uploads and answers JSON. */
  api: string
  /** Has index.yaml and charts/ below it. */
  repository: string
  /** Who asks. */
  headers: Record<string, string>
}

export function chartsOfStore(url: string, project = 'p'): ChartApi {
  return { api: `${url}/api/${project}`, repository: `${url}/${project}`, headers: {} }
}

export function chartsOfGateway(
  url: string,
  project: string,
  headers: Record<string, string> = basicAuth(ADMIN),
): ChartApi {
  return {
    api: `${url}/api/chartrepo/${project}`,
    repository: `${url}/chartrepo/${project}`,
    headers,
  }
}
