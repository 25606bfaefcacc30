import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry, Summary } from 'prom-client'

/** A request that was answered. */
export interface Observation {
  method: string
  /** The path of the route, with its parameters' names; undefined: none matched. */
  route: string | undefined
  status: number
  seconds: number
  requestBytes: number
  responseBytes: number
}

export interface LoadedProject {
  project: string
  charts: number
  versions: number
}

/** Counts for Prometheus, by ChartMuseum's names (spec/chartmuseum.md 4). */
export interface Metrics {
  observe: (observation: Observation) => void
  text: () => Promise<string>
  contentType: string
}

export type CreateMetrics = (projects: () => Iterable<LoadedProject>) => Metrics

/** Projects that have a line of their own; ChartMuseum kept one for every name ever asked for. */
const MAX_PROJECTS = 1000

/**
 * Labels are bounded: routes instead of urls (ChartMuseum added the query), no client's Host header, no names of
 * functions.
 * @param projects those whose index is in memory, with at least one chart.
 */
export const createMetrics: CreateMetrics = (projects) => {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'chartmuseum_requests_total',
    help: 'Requests answered, those without a route left out',
    labelNames: ['code', 'method', 'url'],
    registers,
  })
  const duration = new Histogram({
    name: 'chartmuseum_request_duration_seconds',
    help: 'Time from a request to the head of its answer',
    labelNames: ['code', 'method', 'url'],
    registers,
  })
  const requestSize = new Summary({
    name: 'chartmuseum_request_size_bytes',
    help: 'Bytes of request bodies, as announced',
    percentiles: [],
    registers,
  })
  const responseSize = new Summary({
    name: 'chartmuseum_response_size_bytes',
    help: 'Bytes of answers, as announced',
    percentiles: [],
    registers,
  })
  const charts = new Gauge({
    name: 'chartmuseum_charts_served_total',
    help: 'Charts by repository',
    labelNames: ['repo'],
    registers,
  })
  const versions = new Gauge({
    name: 'chartmuseum_chart_versions_served_total',
    help: 'Versions of charts by repository',
    labelNames: ['repo'],
    registers,
  })

  const count = () => {
    charts.reset()
    versions.reset()
    let left = MAX_PROJECTS
    for (const project of projects()) {
      if (left-- === 0) return
      charts.set({ repo: project.project }, project.charts)
      versions.set({ repo: project.project }, project.versions)
    }
  }

  return {
    observe: ({ method, route, status, seconds, requestBytes, responseBytes }) => {
      if (route === undefined) return
      const labels = { code: String(status), method, url: route }
      requests.inc(labels)
      duration.observe(labels, seconds)
      requestSize.observe(requestBytes)
      responseSize.observe(responseBytes)
    },
    text: () => {
      count()
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}
