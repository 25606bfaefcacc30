import type { Socket } from 'node:net'

/**
 * Waits for what `send` is to say, or for the end of the connection: an answer whose connection has ended, or that waits
 * behind another one on it, is told nothing.
 */
export function sentOrGone(socket: Socket, send: (done: () => void) => void): Promise<void> {
  if (socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const settle = () => {
      socket.off('close', settle)
      resolve()
    }
    socket.on('close', settle)
    send(settle)
  })
}
