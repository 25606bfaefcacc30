import { brokenConstraint } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import { Conflict } from '../http/errors.ts'

/** The metadata of projects, one by one. */
export interface MetadataRecords {
  list: (projectId: number) => Promise<Record<string, string>>
  find: (projectId: number, name: string) => Promise<string | undefined>
  /** @throws {Conflict} where it is there already. */
  insert: (projectId: number, name: string, value: string) => Promise<void>
  set: (projectId: number, name: string, value: string) => Promise<void>
  /** @returns whether it was there. */
  remove: (projectId: number, name: string) => Promise<boolean>
}

export function createMetadataRecords(db: Queryable): MetadataRecords {
  return {
    list: async (projectId) => {
      const found = await db.query<{ metadata: Record<string, string> }>(
        `select coalesce(json_object_agg(name, value order by name), '{}') as metadata
         from project_metadata
         where project_id = $1::bigint`,
        [projectId],
      )
      return found.rows[0]?.metadata ?? {}
    },
    find: async (projectId, name) => {
      const found = await db.query<{ value: string }>(
        'select value from project_metadata where project_id = $1::bigint and name = $2::text',
        [projectId, name],
      )
      return found.rows[0]?.value
    },
    insert: async (projectId, name, value) => {
      const inserted = db.query(
        `insert into project_metadata (project_id, name, value)
         values ($1::bigint, $2::text, $3::text)`,
        [projectId, name, value],
      )
      await inserted.catch(refuseTwice(name))
    },
    set: async (projectId, name, value) => {
      await db.query(
        `insert into project_metadata (project_id, name, value)
         values ($1::bigint, $2::text, $3::text)
         on conflict (project_id, name) do update set value = excluded.value`,
        [projectId, name, value],
      )
    },
    remove: async (projectId, name) => {
      const removed = await db.query(
        'delete from project_metadata where project_id = $1::bigint and name = $2::text',
        [projectId, name],
      )
      return removed.rowCount === 1
    },
  }
}

function refuseTwice(name: string): (error: unknown) => never {
  return (error) => {
    if (brokenConstraint(error) === 'project_metadata_pkey') {
      throw new Conflict(`metadata ${name} of the project is there already: change it by PUT`)
    }
    throw error
  }
}
