import type { Logger } from '../../service/log.ts'

/** Tells what is going on when `work` takes longer than a second, and again every ten. */
export async function tellWhenSlow<Result>(
  log: Logger,
  message: string,
  work: Promise<Result>,
): Promise<Result> {
  let interval: NodeJS.Timeout | undefined
  const timeout = setTimeout(() => {
    log.info(`${message} ...`)
    interval = setInterval(() => log.info(`still ${message} ...`), 10_000)
  }, 1000)
  try {
    return await work
  } finally {
    clearTimeout(timeout)
    clearInterval(interval)
  }
}
