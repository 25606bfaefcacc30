import { setImmediate as nextTurn } from 'node:timers/promises'

/** So long others wait for who works through much, give or take one item. */
export const SLICE_MS = 2

/**
 * Lets others go first who have asked meanwhile: they are read in one turn of the event loop, and answered at its end
 * (turn-end.ts), which is behind whoever waits for that turn alone.
 */
export async function othersTurn(): Promise<void> {
  await nextTurn()
  await nextTurn()
}

/**
 * For much work in small steps: to be awaited ahead of each. Steps that run side by side wait together: one slice for each of them
 * would be as many in a row.
 */
export function createTurns(): () => Promise<void> {
  let end = performance.now() + SLICE_MS
  let turn: Promise<void> | undefined
  const waitForTurn = async () => {
    await othersTurn()
    turn = undefined
    end = performance.now() + SLICE_MS
  }
  return async () => {
    if (turn === undefined && performance.now() < end) return
    turn ??= waitForTurn()
    await turn
  }
}
