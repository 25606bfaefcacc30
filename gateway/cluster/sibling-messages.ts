import type { Around } from '../../service/siblings.ts'

/** What a worker says to the hub, by which it speaks to its siblings. Ids are the worker's own. */
export type ToHub =
  | { kind: 'join' }
  | { kind: 'take'; id: number; key: string; around: Around | undefined }
  | { kind: 'release'; key: string }
  | { kind: 'tell'; message: unknown }
  | { kind: 'ask'; id: number; message: unknown }
  | { kind: 'answer'; id: number; answer: unknown }

/** What the hub says to a worker: that its turn has come, what the others answered, and what one of them tells or asks. */
export type FromHub =
  | { kind: 'taken'; id: number }
  | { kind: 'answers'; id: number; answers: unknown[] }
  | { kind: 'tell'; message: unknown }
  | { kind: 'ask'; id: number; message: unknown }
  | { kind: 'abandoned'; key: string }
