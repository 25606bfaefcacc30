/** Asks a server for the same again and again. Throws where one answer was not as it should be: figures of those are worth nothing. */
export type Client = (url: string, options: ClientOptions) => Promise<ClientLoad>

export interface ClientOptions {
  seconds: number
  connections?: number
  headers?: Record<string, string>
  /** Of the same server, asked for in turn instead of the one. */
  urls?: readonly string[] | undefined
  /** Every answer must be a refusal. */
  isRefused?: boolean
}

export interface ClientLoad {
  requests: number
  seconds: number
  bytes: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
}
