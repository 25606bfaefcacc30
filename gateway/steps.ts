import type { Running } from '../service/run.ts'

/** How to stop what has been started, in the order in which it was. */
export type Stops = (() => Promise<unknown>)[]

export interface StartedGateway extends Running {
  url: string
}

/** Starts one thing after the other, and stops them the other way round. A start that fails half way stops what it has started. */
export async function startInSteps<Started extends object>(
  start: (stops: Stops) => Promise<Started>,
): Promise<Started & Running> {
  const stops: Stops = []
  const stop = async () => {
    for (const step of stops.reverse()) await step()
    stops.length = 0
  }
  try {
    return { ...(await start(stops)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
