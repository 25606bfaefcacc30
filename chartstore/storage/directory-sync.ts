import { open } from 'node:fs/promises'

/**
 * Makes renames and links in a directory durable. Callers that come while a sync of the same directory runs share the
 * next one, so that many parallel uploads cost few syncs.
 */
export function createDirectorySync(): (directory: string) => Promise<void> {
  const queues = new Map<string, { running: Promise<void>; next?: Promise<void> }>()

  const start = (directory: string): Promise<void> => {
    const queue: { running: Promise<void>; next?: Promise<void> } = {
      running: syncDirectory(directory).finally(() => {
        if (queue.next === undefined) queues.delete(directory)
      }),
    }
    queues.set(directory, queue)
    return queue.running
  }

  return (directory) => {
    const queue = queues.get(directory)
    if (queue === undefined) return start(directory)
    queue.next ??= queue.running.then(
      () => start(directory),
      () => start(directory),
    )
    return queue.next
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    handle.close().catch(() => undefined)
  }
}
