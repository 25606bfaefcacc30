/** What somebody who moves should know. A problem is something that does not come along, with what to do about it. */
export interface Remark {
  kind: 'problem' | 'conflict' | 'note'
  what: string
  message: string
}

export interface Remarks {
  add: (kind: Remark['kind'], what: string, message: string) => void
  list: () => Remark[]
}

export function createRemarks(): Remarks {
  const remarks: Remark[] = []
  return {
    add: (kind, what, message) => void remarks.push({ kind, what, message }),
    list: () => remarks,
  }
}
