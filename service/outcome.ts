import type { ServerResponse } from 'node:http'

/** An answer, for who notes how it ended: one of node:http, or one to a request that was recognised (repeats.ts). */
export type Outcome = Pick<ServerResponse, 'statusCode' | 'headersSent' | 'writableFinished'> & {
  /** When it has been sent, or its connection has ended. */
  once: (event: 'close', listener: () => void) => unknown
}
