import { brokenConstraint } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import { Conflict } from '../http/errors.ts'
import type { Page } from '../http/pagination.ts'
import type { Columns, Filter } from '../http/query-language-sql.ts'

/** What may be changed of a label. */
export interface LabelSettings {
  name: string
  description: string
  /** `#rgb`, `#rrggbb` or ''. */
  color: string
}

export interface LabelRecord extends LabelSettings {
  id: number
  /** null: of the whole system. */
  projectId: number | null
  createdAt: Date
  updatedAt: Date
}

export const LABEL_COLUMNS = {
  id: { sql: 'l.id', type: 'integer' },
  name: { sql: 'l.name', type: 'text' },
  description: { sql: 'l.description', type: 'text' },
  color: { sql: 'l.color', type: 'text' },
  creationtime: { sql: 'l.created_at', type: 'time' },
  updatetime: { sql: 'l.updated_at', type: 'time' },
} as const satisfies Columns

export interface LabelRecords {
  find: (id: number) => Promise<LabelRecord | undefined>
  /** @param projectId null for those of the whole system. */
  list: (
    projectId: number | null,
    filter: Filter,
    orderBy: string,
    page: Page,
  ) => Promise<{ total: number; labels: LabelRecord[] }>
  /** @throws {Conflict} when the name is taken in its project, or among those of the system. */
  insert: (projectId: number | null, settings: LabelSettings) => Promise<{ id: number }>
  /** @throws {Conflict} when the name is taken. @returns whether there is such a label. */
  update: (id: number, settings: LabelSettings) => Promise<boolean>
  /** Charts lose it. @returns whether there was such a label. */
  remove: (id: number) => Promise<boolean>
}

/** What a record is made of, for every statement that reads labels as `l`. */
export const LABEL_FIELDS = `
  l.id, l.project_id as "projectId", l.name, l.description, l.color, l.created_at as "createdAt",
  l.updated_at as "updatedAt"`

export function createLabelRecords(db: Queryable): LabelRecords {
  return {
    find: async (id) => {
      const found = await db.query<LabelRecord>(
        `select ${LABEL_FIELDS} from labels l where l.id = $1::bigint`,
        [id],
      )
      return found.rows[0]
    },
    list: async (projectId, filter, orderBy, page) => {
      const scope =
        projectId === null
          ? 'l.project_id is null'
          : `l.project_id = ${filter.bind(projectId)}::bigint`
      const where = `${scope} and ${filter.sql()}`
      const counted = await db.query<{ count: number }>(
        `select count(*)::integer from labels l where ${where}`,
        [...filter.values],
      )
      const limits = `limit ${filter.bind(page.limit)}::bigint offset ${filter.bind(page.offset)}::bigint`
      const found = await db.query<LabelRecord>(
        `select ${LABEL_FIELDS} from labels l where ${where} order by ${orderBy} ${limits}`,
        filter.values,
      )
      return { total: counted.rows[0]?.count ?? 0, labels: found.rows }
    },
    insert: async (projectId, { name, description, color }) => {
      const inserted = db.query<{ id: number }>(
        `insert into labels (project_id, name, description, color)
         values ($1::bigint, $2::text, $3::text, $4::text)
         returning id`,
        [projectId, name, description, color],
      )
      const [row] = (await inserted.catch(refuseTaken(name))).rows
      if (row === undefined) throw new Error('insert returned no row')
      return row
    },
    update: async (id, { name, description, color }) => {
      const updated = db.query(
        `update labels
         set name = $2::text, description = $3::text, color = $4::text, updated_at = now()
         where id = $1::bigint`,
        [id, name, description, color],
      )
      return (await updated.catch(refuseTaken(name))).rowCount === 1
    },
    remove: async (id) => {
      const removed = await db.query('delete from labels where id = $1::bigint', [id])
      return removed.rowCount === 1
    },
  }
}

function refuseTaken(name: string): (error: unknown) => never {
  return (error) => {
    if (brokenConstraint(error) === 'labels_name') {
      throw new Conflict(`the label ${name} already exists`)
    }
    throw error
  }
}
