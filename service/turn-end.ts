/**
 * Runs tasks when everything that has arrived in this turn of the event loop has been read. What they ask of storage they
 * ask together (coalesce.ts), and their answers leave together: a client that sleeps is woken once, which costs more than
 * an answer. An idle server waits for nobody.
 */
export function createTurnEnd(): (task: () => void) => void {
  let tasks: (() => void)[] = []
  const run = () => {
    const batch = tasks
    tasks = []
    for (const task of batch) task()
  }
  return (task) => {
    if (tasks.push(task) === 1) setImmediate(run)
  }
}
