import { z } from 'zod'

/** What system admins decide at run time: Harbor's keys, and what each may be (as migrations/0004 has it). */
export const settingsModel = z.object({
  project_creation_restriction: z.enum(['everyone', 'adminonly'], {
    error: 'expected everyone or adminonly',
  }),
  self_registration: z.boolean(),
  session_timeout: wholeNumber('minutes', 10_080),
  token_expiration: wholeNumber('minutes', 1440),
  robot_token_duration: wholeNumber('days', 36_500, 'for ever'),
  read_only: z.boolean(),
  banner_message: z.string().max(4096, 'expected at most 4096 characters'),
  quota_per_project_enable: z.boolean(),
  storage_per_project: wholeNumber('bytes', Number.MAX_SAFE_INTEGER, 'no limit'),
})

export type Settings = Readonly<z.output<typeof settingsModel>>

/** What is not named stays. */
export type SettingsChange = { readonly [Name in keyof Settings]?: Settings[Name] | undefined }

/** From 1 on. @param minusOne what -1 means, where it may be given. */
function wholeNumber(unit: string, max: number, minusOne?: string) {
  const orElse = minusOne === undefined ? '' : `, or -1: ${minusOne}`
  const error = `expected a whole number of ${unit} from 1 to ${max}${orElse}`
  const isInRange = (number: number) =>
    (number >= 1 && number <= max) || (minusOne !== undefined && number === -1)
  return z.int({ error }).refine(isInRange, { error })
}
