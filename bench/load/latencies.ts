export interface Latencies {
  count: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
  maxMs: number
}

export function summarise(times: readonly number[]): Latencies {
  if (times.length === 0) throw new Error('nothing was measured')
  const sorted = [...times].sort((left, right) => left - right)
  const at = (share: number) =>
    sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1] ?? 0
  return {
    count: sorted.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: at(1),
  }
}
