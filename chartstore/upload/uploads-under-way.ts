/** How many uploads each project is being sent: what has not arrived yet is in no index. */
export interface UploadsUnderWay {
  count: (project: string) => number
  during: <Result>(project: string, upload: () => Promise<Result>) => Promise<Result>
}

export function createUploadsUnderWay(): UploadsUnderWay {
  const counts = new Map<string, number>()
  const count = (project: string) => counts.get(project) ?? 0

  const add = (project: string, more: 1 | -1) => {
    const left = count(project) + more
    if (left === 0) counts.delete(project)
    else counts.set(project, left)
  }

  return {
    count,
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
