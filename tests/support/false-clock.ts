import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { mustRun } from './command.ts'
import { makeFolder } from './folder.ts'

/** The clock of a program (libfaketime), which may jump while it runs. Its timers go on as they should. */
export interface FalseClock {
  /** Variables of the program. */
  env: Record<string, string>
  /** By how much it is wrong from now on: `+1h`, `-10y`. */
  set: (offset: string) => Promise<void>
}

export async function makeFalseClock(t: TestContext, offset: string): Promise<FalseClock> {
  const file = join(await makeFolder(t), 'offset')
  const set = (next: string) => writeFile(file, next)
  await set(offset)
  const library = await mustRun('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'])
  return {
    env: {
      LD_PRELOAD: library.trim(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    set,
  }
}
