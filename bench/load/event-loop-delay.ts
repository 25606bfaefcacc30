// Loaded into a server before its own program (`node --import`), so that the product knows nothing of it: at SIGUSR2 it writes
// down how late its main thread was since the last time.
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const RESOLUTION_MS = 2
const file = process.env.BENCH_DELAY_FILE

if (isMainThread && file !== undefined) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  // what it counts is the time between two looks
  const toMs = (nanoseconds: number) => Math.max(nanoseconds / 1e6 - RESOLUTION_MS, 0)
  process.on('SIGUSR2', () => {
    const figures = { p99Ms: toMs(histogram.percentile(99)), maxMs: toMs(histogram.max) }
    histogram.reset()
    writeFileSync(`${file}.half`, JSON.stringify(figures))
    renameSync(`${file}.half`, file)
  })
}
