import { z } from 'zod'
import { BadRequest } from '../http/errors.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { text } from './robot-body.ts'
import { type Access, isKnownAccess } from './robot-permissions.ts'

/** A robot as Harbor 1.8 to 2.7 has it written at `/projects/<project>/robots`. */
export const legacyRobotBody = z
  .object({
    name: text,
    description: text,
    /** Seconds since 1970; -1: never; 0: after the days that are the default. */
    expires_at: z.number().int().nullish(),
    access: z
      .array(z.object({ resource: text, action: text }))
      .nullish()
      .transform((access) => access ?? []),
  })
  .meta({ id: 'LegacyRobotBody' })

/** Nothing else of such a robot is changed there. */
export const legacyRobotChange = z
  .object({ description: text, disable: z.boolean().nullish() })
  .meta({ id: 'LegacyRobotChange' })

/**
 * What is granted in the project: `/project/2/helm-chart` names it by its id, and no other one (CVE-2019-16919).
 * @throws {BadRequest} with Harbor's texts.
 */
export function readLegacyAccess(access: readonly Access[], project: ProjectAccess): Access[] {
  if (access.length === 0) throw new BadRequest('bad request no access')
  return access.map(({ resource: path, action }) => {
    const found = /^\/project\/(?<id>\d+)\/(?<resource>[a-z-]+)$/.exec(path)?.groups
    if (found === undefined) throw new BadRequest(`bad resource ${path}`)
    const { id, resource = '' } = found
    if (Number(id) !== project.id || !isKnownAccess('project', { resource, action })) {
      throw new BadRequest(
        `${action} action of ${path} resource not exist in project ${project.name}`,
      )
    }
    return { resource, action }
  })
}

const SECONDS_A_DAY = 86_400
/** The year 9999, the last that is written with four digits. */
const MAX_SECONDS = 253_402_300_799

/**
 * When the robot ends, as days and as the exact time where one is given.
 * @throws {BadRequest} for a time that has passed.
 */
export function readLegacyExpiry(
  seconds: number | null | undefined,
  defaultDays: number,
): { duration: number; expiresAt: Date | undefined } {
  if (!seconds) return { duration: defaultDays, expiresAt: undefined }
  if (seconds === -1) return { duration: -1, expiresAt: undefined }
  const left = seconds - Date.now() / 1000
  if (left <= 0 || seconds > MAX_SECONDS) {
    throw new BadRequest(`bad request error expires_at input: ${seconds}`)
  }
  return { duration: Math.ceil(left / SECONDS_A_DAY), expiresAt: new Date(seconds * 1000) }
}
