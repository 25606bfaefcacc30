import type { RobotGrant } from '../auth/principal.ts'
import { brokenConstraint, postgresCode } from '../db/connection-errors.ts'
import type { Database, Queryable } from '../db/database.ts'
import { Conflict, NotFound } from '../http/errors.ts'
import type { Page } from '../http/pagination.ts'
import type { Columns, Filter } from '../http/query-language-sql.ts'
import { selectPage } from '../http/select-page.ts'

/** A robot as the API tells of one: never its secret. */
export interface RobotRecord {
  id: number
  name: string
  projectId: number | null
  projectName: string | null
  description: string
  /** Days; -1: for ever. */
  duration: number
  isDisabled: boolean
  expiresAt: Date | null
  createdAt: Date
  updatedAt: Date
  grants: (RobotGrant & { projectName: string | null })[]
}

/** What a robot is made or changed to. */
export interface RobotSettings {
  description: string
  duration: number
  isDisabled: boolean
  grants: readonly RobotGrant[]
}

export interface NewRobot extends RobotSettings {
  name: string
  projectId: number | null
  secretHash: string
  /** When it ends, where that is not by days. */
  expiresAt?: Date | undefined
}

export const ROBOT_COLUMNS = {
  id: { sql: 'r.id', type: 'integer' },
  name: { sql: 'r.name', type: 'text' },
  description: { sql: 'r.description', type: 'text' },
  disabled: { sql: 'r.is_disabled', type: 'boolean' },
  creationtime: { sql: 'r.created_at', type: 'time' },
  updatetime: { sql: 'r.updated_at', type: 'time' },
} as const satisfies Columns

export interface RobotRecords {
  find: (id: number) => Promise<RobotRecord | undefined>
  /** @param projectId null for robots of the whole system. */
  list: (
    projectId: number | null,
    filter: Filter,
    orderBy: string,
    page: Page,
  ) => Promise<{ total: number; robots: RobotRecord[] }>
  /** @throws {Conflict} when the name is taken in its project, {NotFound} when a project has just been deleted. */
  insert: (robot: NewRobot) => Promise<RobotRecord>
  /** @returns whether there is such a robot. */
  update: (id: number, settings: RobotSettings) => Promise<boolean>
  setSecretHash: (id: number, secretHash: string) => Promise<boolean>
  remove: (id: number) => Promise<boolean>
}

const TABLES = 'robots r left join projects p on p.id = r.project_id'

const COLUMNS = `
  r.id, r.name, r.project_id as "projectId", p.name as "projectName", r.description, r.duration,
  r.is_disabled as "isDisabled", r.expires_at as "expiresAt", r.created_at as "createdAt",
  r.updated_at as "updatedAt",
  (
    select coalesce(json_agg(json_build_object(
      'kind', g.kind, 'projectId', g.project_id, 'projectName', gp.name, 'resource', g.resource, 'action', g.action
    ) order by g.kind, gp.name, g.resource, g.action), '[]')
    from robot_permissions g
    left join projects gp on gp.id = g.project_id
    where g.robot_id = r.id
  ) as grants`

/** The grants of a robot, from JSON; a pair that is named twice is one. */
const GRANTS = `
  select distinct kind, "projectId", resource, action
  from json_to_recordset($2::json) as g (kind text, "projectId" integer, resource text, action text)`

export function createRobotRecords(db: Database): RobotRecords {
  return {
    find: (id) => findRobot(db, id),
    list: async (projectId, filter, orderBy, page) => {
      const isListed = projectId === null ? 'is null' : `= ${filter.bind(projectId)}::bigint`
      const { total, rows } = await selectPage<RobotRecord>(db, {
        columns: COLUMNS,
        from: TABLES,
        where: `r.project_id ${isListed}`,
        orderBy,
        filter,
        page,
      })
      return { total, robots: rows }
    },
    insert: async ({ name, projectId, secretHash, expiresAt, grants, ...settings }) => {
      const { description, duration, isDisabled } = settings
      const inserted = db.inTransaction(async (transaction) => {
        const made = await transaction.query<{ id: number }>(
          `insert into robots (project_id, name, secret_hash, description, is_disabled, duration, expires_at)
           values (
             $1::bigint, $2::text, $3::text, $4::text, $5::boolean, $6::integer,
             case
               when $6::integer = -1 then null
               else coalesce($7::timestamptz, now() + make_interval(days => $6::integer))
             end
           )
           returning id`,
          [
            projectId,
            name,
            secretHash,
            description,
            isDisabled,
            duration,
            expiresAt?.toISOString(),
          ],
        )
        const id = made.rows[0]?.id ?? 0
        await insertGrants(transaction, id, grants)
        const robot = await findRobot(transaction, id)
        if (robot === undefined) throw new Error('insert returned no row')
        return robot
      })
      return inserted.catch(refuse(name))
    },
    update: async (id, { description, duration, isDisabled, grants }) =>
      db.inTransaction(async (transaction) => {
        const updated = await transaction.query(
          `update robots
           set description = $2::text, is_disabled = $3::boolean, duration = $4::integer, updated_at = now(),
             expires_at = case
               when $4::integer = duration then expires_at
               when $4::integer = -1 then null
               else created_at + make_interval(days => $4::integer)
             end
           where id = $1::bigint`,
          [id, description, isDisabled, duration],
        )
        if (updated.rowCount === 0) return false
        await transaction.query('delete from robot_permissions where robot_id = $1::bigint', [id])
        await insertGrants(transaction, id, grants)
        return true
      }),
    setSecretHash: async (id, secretHash) => {
      const updated = await db.query(
        'update robots set secret_hash = $2::text, updated_at = now() where id = $1::bigint',
        [id, secretHash],
      )
      return updated.rowCount === 1
    },
    remove: async (id) => {
      const removed = await db.query('delete from robots where id = $1::bigint', [id])
      return removed.rowCount === 1
    },
  }
}

async function findRobot(db: Queryable, id: number): Promise<RobotRecord | undefined> {
  const found = await db.query<RobotRecord>(
    `select ${COLUMNS} from ${TABLES} where r.id = $1::bigint`,
    [id],
  )
  return found.rows[0]
}

async function insertGrants(
  transaction: Queryable,
  robotId: number,
  grants: readonly RobotGrant[],
): Promise<void> {
  await transaction.query(
    `insert into robot_permissions (robot_id, kind, project_id, resource, action)
     select $1::bigint, g.* from (${GRANTS}) g`,
    [robotId, JSON.stringify(grants)],
  )
}

function refuse(name: string): (error: unknown) => never {
  return (error) => {
    if (brokenConstraint(error) === 'robots_project_id_name_key') {
      throw new Conflict(`robot ${name} already exists`)
    }
    // 23503, foreign_key_violation: between the check and the insert
    if (postgresCode(error) === '23503') throw new NotFound('project not found')
    throw error
  }
}
