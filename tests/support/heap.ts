import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Bytes that this process holds and cannot let go of. */
export function heldBytes(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
