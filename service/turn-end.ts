/** What is left to do, if anything. */
type Rest = (() => void) | undefined

/**
 * Runs tasks when everything that has arrived in this turn of the event loop has been read, and what they leave to be done when
 * all of them have run. What they ask of storage they ask together (coalesce.ts), and their answers leave together: a client
 * that sleeps is woken once, which costs more than an answer. An idle server waits for nobody.
 */
export function createTurnEnd(): (task: () => Rest) => void {
  let tasks: (() => Rest)[] = []
  const run = () => {
    const batch = tasks
    tasks = []
    const rests = batch.map((task) => task())
    for (const rest of rests) rest?.()
  }
  return (task) => {
    if (tasks.push(task) === 1) setImmediate(run)
  }
}
