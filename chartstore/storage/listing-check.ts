import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'

/**
 * Looks whether a bucket can be listed. A server that cannot be reached is no reason not to start.
 * @param explain says in a sentence what the operator can mend. @throws {StartError}
 */
export async function checkListing(
  list: () => Promise<unknown>,
  options: {
    isTransient: (error: unknown) => boolean
    explain: (error: unknown) => string
    bucket: string
    log: Logger
  },
): Promise<void> {
  const { isTransient, explain, bucket, log } = options
  try {
    await list()
  } catch (error) {
    if (error instanceof StartError) throw error
    if (!isTransient(error)) throw new StartError(explain(error), { cause: error })
    log.warn({ err: error, bucket }, 'the object store is not available')
  }
}
