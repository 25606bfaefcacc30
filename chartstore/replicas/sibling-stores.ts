import type { Siblings } from '../../service/siblings.ts'
import { isPackageFileName } from '../chart/file-name.ts'
import { isRefusal, StorageError } from '../storage/storage.ts'
import {
  type Change,
  OWN_ORIGIN,
  type ReplicaListener,
  type Replicas,
  type SiblingStores,
  type Write,
} from './replicas.ts'

/** What sibling stores say to each other, and nobody else to them. */
type Message =
  | { kind: 'writing' | 'written'; project: string; fileName: string }
  | { kind: 'change'; change: Change; asksStorage?: true }
  | { kind: 'saving' | 'uploads'; project: string }

/** The stores of one machine tell each other, through the process that has started them. */
export function createSiblingReplicas(siblings: Siblings): Replicas {
  let listener: ReplicaListener | undefined
  const { stores, join } = createSiblingStores(siblings, () => listener)
  return {
    announce: async (change) => {
      await siblings.ask({ kind: 'change', change } satisfies Message)
    },
    listen: (given) => {
      listener = given
      join()
    },
    hints: undefined,
    correct: async () => undefined,
    claim: undefined,
    siblings: stores,
    close: async () => undefined,
  }
}

/** Where Redis tells the changes, the stores of one machine still take turns, and count uploads together. */
export function addSiblings(replicas: Replicas, siblings: Siblings): Replicas {
  const { stores, join } = createSiblingStores(siblings, () => undefined)
  join()
  return { ...replicas, siblings: stores }
}

function createSiblingStores(
  siblings: Siblings,
  listener: () => ReplicaListener | undefined,
): { stores: SiblingStores; join: () => void } {
  let countOwnUploads = (_project: string) => 0
  const ask = (message: Message) => siblings.ask(message)
  const tell = (message: Message) => siblings.tell(message)

  const writeInTurn = async <Result>(
    { project, fileName }: Write,
    task: () => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await task()
    } catch (error) {
      const mayBeDone = error instanceof StorageError && !isRefusal(error)
      if (mayBeDone && isPackageFileName(fileName)) {
        tell({ kind: 'change', change: unknownChange(project, fileName), asksStorage: true })
      }
      throw error
    }
  }

  const hear = async (message: Message): Promise<unknown> => {
    switch (message.kind) {
      case 'writing':
        return listener()?.onWriting(message.project, message.fileName)
      case 'written':
        return listener()?.onWritten(message.project, message.fileName)
      case 'change': {
        const { change, asksStorage = false } = message
        // siblings take turns: what they tell comes in the order in which it came to storage, as what we do ourselves
        return listener()?.onChange({ ...change, origin: OWN_ORIGIN, asksStorage })
      }
      case 'saving':
        return listener()?.onSaving(message.project)
      case 'uploads':
        return countOwnUploads(message.project)
    }
  }

  const stores: SiblingStores = {
    write: (write, task) => {
      const { project, fileName, isCounted } = write
      const before = { kind: 'writing', project, fileName } satisfies Message
      const after = { kind: 'written', project, fileName } satisfies Message
      const run = () =>
        siblings.alone(turnOf(project, fileName), () => writeInTurn(write, task), { before, after })
      return isCounted ? siblings.alone(project, run) : run()
    },
    tellSaving: (project) => tell({ kind: 'saving', project }),
    countUploads: async (project) => {
      const counts = await ask({ kind: 'uploads', project })
      // who does not answer may be sent one
      return counts.reduce<number>((sum, count) => sum + Number(count ?? 1), 0)
    },
    onCountUploads: (count) => {
      countOwnUploads = count
    },
  }

  const join = () =>
    siblings.join({
      onMessage: (message) => hear(message as Message),
      onAbandoned: async (turn) => {
        const [project = '', fileName] = turn.split('/')
        if (fileName === undefined || !isPackageFileName(fileName)) return
        const change = unknownChange(project, fileName)
        await hear({ kind: 'change', change, asksStorage: true })
      },
    })
  return { stores, join }
}

/** Neither names of projects nor names of files have a slash. The turn of what is counted is the project alone. */
function turnOf(project: string, fileName: string): string {
  return `${project}/${fileName}`
}

function unknownChange(project: string, fileName: string): Change {
  return { project, fileName, entry: undefined, files: [] }
}
