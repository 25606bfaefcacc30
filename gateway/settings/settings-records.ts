import type { Queryable } from '../db/database.ts'
import type { Settings, SettingsChange } from './settings-model.ts'

export interface SettingsRecords {
  read: () => Promise<Settings>
  change: (values: SettingsChange) => Promise<void>
}

export function createSettingsRecords(db: Queryable): SettingsRecords {
  return {
    read: async () => {
      const found = await db.query<Settings>(
        `select project_creation_restriction, self_registration, session_timeout, token_expiration,
           robot_token_duration, read_only, banner_message, quota_per_project_enable,
           storage_per_project::double precision as storage_per_project
         from settings`,
      )
      const [settings] = found.rows
      if (settings === undefined) throw new Error('table settings has lost its row')
      return settings
    },
    change: async (values) => {
      await db.query(
        `update settings
         set project_creation_restriction = coalesce($1::text, project_creation_restriction),
           self_registration = coalesce($2::boolean, self_registration),
           session_timeout = coalesce($3::integer, session_timeout),
           token_expiration = coalesce($4::integer, token_expiration),
           robot_token_duration = coalesce($5::integer, robot_token_duration),
           read_only = coalesce($6::boolean, read_only),
           banner_message = coalesce($7::text, banner_message),
           quota_per_project_enable = coalesce($8::boolean, quota_per_project_enable),
           storage_per_project = coalesce($9::bigint, storage_per_project),
           updated_at = now()`,
        [
          values.project_creation_restriction,
          values.self_registration,
          values.session_timeout,
          values.token_expiration,
          values.robot_token_duration,
          values.read_only,
          values.banner_message,
          values.quota_per_project_enable,
          values.storage_per_project,
        ],
      )
    },
  }
}
