import { SingleBar } from 'cli-progress'

/** How far something long has come. */
export interface ProgressBar {
  /** There is this much more to do. */
  expect: (more: number) => void
  step: (count?: number) => void
  /** May be called again. */
  stop: () => void
}

/** On standard error, and on a terminal only: in a log it would be noise. */
export function createProgressBar(title: string): ProgressBar {
  const bar = new SingleBar({
    format: `${title} {bar} {value}/{total}, {eta_formatted} left`,
    barsize: 30,
    barCompleteChar: '#',
    barIncompleteChar: '.',
    hideCursor: true,
    // Ctrl-C is ours: the command ends in order, and this with it
    gracefulExit: false,
    stream: process.stderr,
  })
  bar.start(0, 0)
  let isOn = true
  return {
    expect: (more) => bar.setTotal(bar.getTotal() + more),
    step: (count = 1) => bar.increment(count),
    stop: () => {
      if (isOn) bar.stop()
      isOn = false
    },
  }
}
