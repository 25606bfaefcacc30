import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Bytes } from './bytes.ts'
import { othersTurn } from './others-turn.ts'
import { sentOrGone } from './sent-or-gone.ts'

/** Handed over together: that many cost one call of the system, and a reader that is slow holds no more than these. */
const PARTS_AT_ONCE = 64

/** Ends an answer with bytes that are in memory: those in parts without joining them. */
export async function writeParts(res: ServerResponse, socket: Socket, bytes: Bytes): Promise<void> {
  if (Buffer.isBuffer(bytes)) {
    res.end(bytes)
    return
  }
  for (let start = 0; start < bytes.length && !socket.destroyed; start += PARTS_AT_ONCE) {
    // A reader that is as fast as we are would else be the only one until it has all.
    if (start > 0) await othersTurn()
    res.cork()
    for (const part of bytes.slice(start, start + PARTS_AT_ONCE)) res.write(part)
    res.uncork()
    if (res.writableNeedDrain) await sentOrGone(socket, (done) => res.once('drain', done))
  }
  res.end()
}
