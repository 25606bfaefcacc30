import type { IncomingMessage, ServerResponse } from 'node:http'

/** For a client that waits for `100 Continue` before it sends its body. */
export function askForBody(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.expect !== undefined) res.writeContinue()
}
