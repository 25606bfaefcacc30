import { z } from 'zod'
import { BadRequest } from '../http/errors.ts'
import type { Usage } from '../projects/project-usage.ts'

/** What a project may hold; -1: no limit. */
export interface Quota {
  /** Of packages and provenance. */
  maxBytes: number
  /** Versions of all charts. */
  maxVersions: number
}

export const NO_LIMIT = -1

/** The most of each that the database takes. */
const MAX = { storage: Number.MAX_SAFE_INTEGER, count: 2 ** 31 - 1 } as const
const UNIT = { storage: 'bytes', count: 'versions' } as const

/** `storage` is Harbor's, `count` that of Harbor 1.9. */
const resourcesModel = z.object({ storage: z.int(), count: z.int() }).meta({ id: 'Resources' })

export const quotaModel = z.object({ hard: resourcesModel, used: resourcesModel })

export function describeQuota(
  { maxBytes, maxVersions }: Quota,
  usage: Usage | undefined,
): z.output<typeof quotaModel> {
  return {
    hard: { storage: maxBytes, count: maxVersions },
    used: { storage: usage?.bytes ?? 0, count: usage?.versions ?? 0 },
  }
}

/** As it is sent. What is not a resource is refused: it would be a limit that nobody keeps to. */
export type Hard = Readonly<Record<string, number>>

/** @throws {BadRequest} in the words of Harbor, with the rule. */
export function readHard(hard: Hard): Partial<Quota> {
  const names = Object.keys(hard)
  if (names.length === 0) throw new BadRequest('hard required in body')
  const unknown = names.find((name) => !Object.hasOwn(MAX, name))
  if (unknown !== undefined) throw new BadRequest(`resource ${unknown} not support`)
  return {
    ...(hard.storage === undefined ? {} : { maxBytes: checkLimit('storage', hard.storage) }),
    ...(hard.count === undefined ? {} : { maxVersions: checkLimit('count', hard.count) }),
  }
}

function checkLimit(resource: keyof typeof MAX, value: number): number {
  const max = MAX[resource]
  if (value === NO_LIMIT || (Number.isInteger(value) && value >= 1 && value <= max)) return value
  throw new BadRequest(
    `invalid value for resource ${resource}: expected a whole number of ${UNIT[resource]} ` +
      `from 1 to ${max}, or -1 for no limit, but got: ${value}`,
  )
}
