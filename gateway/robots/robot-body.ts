import { z } from 'zod'
import { BadRequest } from '../http/errors.ts'
import { checkAccess } from './robot-permissions.ts'

export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

const permission = z.object({
  kind: text,
  namespace: text,
  access: z
    .array(z.object({ resource: text, action: text, effect: z.string().nullish() }))
    .nullish()
    .transform((access) => access ?? []),
})

/** What a client writes to make or change a robot. */
export const robotBody = z
  .object({
    name: text,
    description: text,
    level: text,
    duration: z.number().int().nullish(),
    disable: z
      .boolean()
      .nullish()
      .transform((value) => value ?? false),
    permissions: z
      .array(permission)
      .nullish()
      .transform((permissions) => permissions ?? []),
  })
  .meta({ id: 'RobotBody' })

export const secretBody = z.object({ secret: text }).meta({ id: 'RobotSecret' })

export type RobotBody = z.output<typeof robotBody>

const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const MAX_DAYS = 36_500

/** @throws {BadRequest} with Harbor's text. */
export function checkRobotName(name: string): void {
  if (NAME.test(name) && name.length <= 255) return
  throw new BadRequest('robot name is not in lower case or contains illegal characters')
}

/**
 * The rules for a new and a changed robot alike.
 * @throws {BadRequest} with Harbor's texts.
 */
export function checkRobot({ level, description, permissions }: RobotBody): void {
  if (level !== 'project' && level !== 'system') {
    throw new BadRequest(`bad request error level input: ${level}`)
  }
  if (description.length > 1024) throw new BadRequest('bad request description too long')
  if (permissions.length === 0) throw new BadRequest('bad request empty permission')
  // a robot of a project has that project, and nothing else (CVE-2019-16919)
  if (level === 'project' && (permissions.length > 1 || permissions[0]?.kind !== 'project')) {
    throw new BadRequest('bad request permission')
  }
  for (const { kind, namespace, access } of permissions) {
    if (access.length === 0) throw new BadRequest('bad request empty access')
    const isProject = kind === 'project' && namespace !== '' && namespace !== '/'
    const isSystem = kind === 'system' && namespace === '/'
    if (!isProject && !isSystem) throw new BadRequest('bad request permission')
    for (const one of access) {
      checkAccess(isProject ? 'project' : 'system', one)
      if (one.effect && one.effect !== 'allow') {
        throw new BadRequest(
          `bad request permission effect: ${one.effect}, a robot may do what it is granted and nothing else`,
        )
      }
    }
  }
}

/** Days; -1: for ever. Left out or 0, it is `byDefault`. */
export function readDuration(days: number | null | undefined, byDefault: number): number {
  if (!days) return byDefault
  if (days === -1 || (days > 0 && days <= MAX_DAYS)) return days
  throw new BadRequest(`bad request error duration input: ${days}`)
}
