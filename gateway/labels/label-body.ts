import { z } from 'zod'
import { BadRequest } from '../http/errors.ts'
import type { LabelSettings } from './label-records.ts'

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const settings = { name: text, description: text, color: text }

/** What the scope and the project are said of a label besides cannot be changed, and is not read. */
export const labelBody = z.object(settings).meta({ id: 'LabelChange' })

export const newLabelBody = z
  .object({ ...settings, scope: text, project_id: z.int().nullish() })
  .meta({ id: 'NewLabel' })

/** @throws {BadRequest}: Harbor's texts, with the field in front. Harbor took any colour, and any description. */
export function checkLabel({ name, description, color }: LabelSettings): void {
  const length = [...name].length
  if (length === 0) throw new BadRequest('name cannot be empty')
  if (length > 128) throw new BadRequest('name max length is 128')
  if ([...description].length > 1024) throw new BadRequest('description max length is 1024')
  if (!/^(#([0-9a-f]{3}){1,2})?$/i.test(color)) {
    throw new BadRequest(`color must be written as #9B0D54, but got: '${color}'`)
  }
}
