import type { Server } from './server.ts'

export type PeerName = 'Chartgate' | 'ChartMuseum' | 'nginx' | 'http-proxy-middleware'

/** A chart repository that is measured, with its charts where it has them. */
export interface Peer extends Server {
  name: PeerName
  /** Who asks. */
  headers: Record<string, string>
  /** Has index.yaml and charts/ below it. */
  repository: (project: string) => string
  /** Takes uploads and answers JSON. */
  api: (project: string) => string
}
