import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { BadRequest } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { changed, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import type { LiveSettings } from './settings.ts'
import { settingsModel } from './settings-model.ts'

const changeBody = settingsModel
  .extend({
    auth_mode: z.string(),
    notification_enable: z.boolean(),
    robot_name_prefix: z.string(),
  })
  .partial()
  .meta({ id: 'ConfigurationChange' })

const configurationModel = z
  .record(
    changeBody.keyof(),
    z.object({ value: z.union([z.boolean(), z.number(), z.string()]), editable: z.boolean() }),
  )
  .meta({ id: 'Configuration' })

type Change = z.output<typeof changeBody>
type Configuration = z.output<typeof configurationModel>

/** Harbor's configuration (spec/harbor.md 3.9): what of it there is here, and it has an effect. */
export function createSettingsRoutes({
  authoriser,
  settings,
  robotPrefix,
}: {
  authoriser: Authoriser
  settings: LiveSettings
  robotPrefix: string
}): Routes {
  const describe = async (): Promise<Configuration> => {
    const isEditable = (name: string) => !(name in settings.fixed)
    const own = Object.entries(await settings.read()).map(([name, value]) => [
      name,
      { value, editable: isEditable(name) },
    ])
    return configurationModel.parse({
      ...Object.fromEntries(own),
      auth_mode: { value: 'db_auth', editable: false },
      notification_enable: { value: false, editable: false },
      robot_name_prefix: { value: robotPrefix, editable: false },
    })
  }

  const change = async ({ req, readBody }: Call<object, Change>): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    const body = await readBody()
    refuseFixed(body, await describe())
    await settings.change(body)
    const detail = Object.entries(body).map(([name, value]) => `${name}=${value}`)
    return changed({
      operation: 'update',
      resourceType: 'configuration',
      resource: 'configuration',
      detail: detail.join(', ').slice(0, 1000),
    })
  }

  return {
    '/configurations': {
      GET: operation({
        summary: 'Tell the settings, and which of them can be changed here',
        answer: configurationModel,
        handle: async ({ req }) => {
          authoriser.requireSystemAdmin(req.principal)
          return { body: await describe() }
        },
      }),
      PUT: operation({
        summary: 'Change settings; those that are left out stay',
        body: changeBody,
        handle: change,
      }),
    },
  }
}

/** Naming what is as it is anyway is no fault: clients send back all that they have read. */
function refuseFixed(body: Change, now: Configuration): void {
  for (const [name, given] of Object.entries(body)) {
    const { value, editable } = now[name as keyof Configuration]
    if (!editable && given !== value) {
      throw new BadRequest(
        `${name} in body is not valid: it can only be ${JSON.stringify(value)}, as it is not editable`,
      )
    }
  }
}
