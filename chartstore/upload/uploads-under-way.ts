import type { SiblingStores } from '../replicas/replicas.ts'

/** How many uploads each project is being sent, here and by siblings: what has not arrived yet is in no index. */
export interface UploadsUnderWay {
  count: (project: string) => Promise<number>
  during: <Result>(project: string, upload: () => Promise<Result>) => Promise<Result>
}

export function createUploadsUnderWay(siblings: SiblingStores | undefined): UploadsUnderWay {
  const counts = new Map<string, number>()
  const countOwn = (project: string) => counts.get(project) ?? 0
  siblings?.onCountUploads(countOwn)

  const add = (project: string, more: 1 | -1) => {
    const left = countOwn(project) + more
    if (left === 0) counts.delete(project)
    else counts.set(project, left)
  }

  return {
    count: async (project) => {
      const elsewhere = await siblings?.countUploads(project)
      return countOwn(project) + (elsewhere ?? 0)
    },
    during: async (project, upload) => {
      add(project, 1)
      try {
        return await upload()
      } finally {
        add(project, -1)
      }
    },
  }
}
