/**
 * How long the tests in tests/soak take together, in minutes: `SOAK_MINUTES=60 npm run test:soak`. Each goes on until its
 * share is over, and then makes sure that all is true.
 */
const MINUTES = Number(process.env.SOAK_MINUTES || 8)

/** @param share of the whole time. @returns whether there is some left of it. */
export function startSoak(share: number): () => boolean {
  const end = performance.now() + share * MINUTES * 60_000
  return () => performance.now() < end
}
