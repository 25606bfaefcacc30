import { packageFileName } from '../chart/file-name.ts'
import type { Answer } from '../http/answer.ts'
import { json } from '../http/replies.ts'
import type { RouteContext } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'
import type { HandlerDeps } from './handler-deps.ts'

/**
 * `DELETE /api/:repo/charts/:name/:version`. The file name decides, not how it is split: ChartMuseum's own acceptance
 * suite asks for `mychart2-0.1.0-SNAPSHOT` version `1` and means `mychart2-0.1.0-SNAPSHOT-1.tgz`.
 */
export function createDeleteHandler({ indexes }: HandlerDeps) {
  return async ({ params }: RouteContext): Promise<Answer> => {
    const { repo = '', name = '', version = '' } = params
    const packageFile = packageFileName(name, version)
    const index = await indexes.forReading(repo)
    if (await index.remove(packageFile)) return json({ deleted: true })
    // Put into storage by hand under another name: the index knows where it is.
    const entry = (await index.current()).version(name, version)
    if (entry !== undefined && (await index.remove(entry.fileName))) return json({ deleted: true })
    throw new StoreError(404, `remove ${packageFile}: no such file`)
  }
}
