import type { Queryable } from '../db/database.ts'

/** Rows at once: a statement stays far below every time limit. */
const BATCH = 1000

/** The statements of an import: many rows at once, with ids and times of their own. */
export interface ImportRecords {
  /** Ids that nobody else gets. */
  takeIds: (table: ImportTable, count: number) => Promise<number[]>
  insertUsers: (rows: readonly UserInsert[]) => Promise<void>
  insertGroups: (rows: readonly GroupInsert[]) => Promise<void>
  insertProjects: (rows: readonly ProjectInsert[]) => Promise<void>
  insertMembers: (rows: readonly MemberInsert[]) => Promise<void>
  insertRobots: (rows: readonly RobotInsert[]) => Promise<void>
  insertGrants: (rows: readonly GrantInsert[]) => Promise<void>
  insertLabels: (rows: readonly LabelInsert[]) => Promise<void>
  /** Those that are on their versions already stay. */
  insertChartLabels: (rows: readonly ChartLabelInsert[]) => Promise<void>
  /** Writes down what has come, so that it never comes again. */
  note: (source: string, rows: readonly ImportNote[]) => Promise<void>
}

export type ImportTable =
  | 'users'
  | 'user_groups'
  | 'projects'
  | 'project_members'
  | 'robots'
  | 'labels'

interface UserInsert {
  id: number
  username: string
  email: string
  realname: string
  comment: string
  passwordHash: string
  isSystemAdmin: boolean
  createdAt: string | null
}

interface GroupInsert {
  id: number
  name: string
  type: number
  ldapDn: string
  createdAt: string | null
}

interface ProjectInsert {
  id: number
  name: string
  ownerId: number
  metadata: Record<string, string>
  createdAt: string | null
}

interface MemberInsert {
  id: number
  projectId: number
  userId: number | null
  groupId: number | null
  roleId: number
  createdAt: string | null
}

interface RobotInsert {
  id: number
  projectId: number | null
  name: string
  description: string
  secretHash: string
  isDisabled: boolean
  duration: number
  /** Seconds since 1970. */
  expiresAt: number | null
  createdAt: string | null
}

interface GrantInsert {
  robotId: number
  kind: 'project' | 'system'
  projectId: number | null
  resource: string
  action: string
}

interface LabelInsert {
  id: number
  projectId: number | null
  name: string
  description: string
  color: string
  createdAt: string | null
}

interface ChartLabelInsert {
  projectId: number
  chart: string
  version: string
  labelId: number
}

export interface ImportNote {
  kind: string
  key: string
  id: number | null
}

export function createImportRecords(db: Queryable): ImportRecords {
  const inBatches =
    <Row>(statement: string) =>
    async (rows: readonly Row[], ...values: unknown[]): Promise<void> => {
      for (let start = 0; start < rows.length; start += BATCH) {
        const batch = JSON.stringify(rows.slice(start, start + BATCH))
        await db.query(statement, [batch, ...values])
      }
    }
  const noteAll = inBatches<ImportNote>(
    `insert into harbor_imports (source, kind, source_key, target_id)
     select $2::text, kind, key, id
     from json_to_recordset($1::json) as n (kind text, key text, id integer)
     on conflict do nothing`,
  )

  return {
    takeIds: async (table, count) => {
      const taken = await db.query<{ id: number }>(
        `select nextval(pg_get_serial_sequence($1::text, 'id'))::integer as id
         from generate_series(1, $2::integer)`,
        [table, count],
      )
      return taken.rows.map(({ id }) => id)
    },
    insertUsers: inBatches(
      `insert into users (id, username, email, realname, comment, password_hash, is_system_admin, created_at)
       select id, username, email, realname, comment, "passwordHash", "isSystemAdmin", coalesce("createdAt", now())
       from json_to_recordset($1::json) as u (
         id integer, username text, email text, realname text, comment text, "passwordHash" text,
         "isSystemAdmin" boolean, "createdAt" timestamptz
       )`,
    ),
    insertGroups: inBatches(
      `insert into user_groups (id, name, type, ldap_dn, created_at)
       select id, name, type, "ldapDn", coalesce("createdAt", now())
       from json_to_recordset($1::json) as g (
         id integer, name text, type smallint, "ldapDn" text, "createdAt" timestamptz
       )`,
    ),
    insertProjects: inBatches(
      `with given as (
         select *
         from json_to_recordset($1::json) as p (
           id integer, name text, "ownerId" integer, metadata json, "createdAt" timestamptz
         )
       ), made as (
         insert into projects (id, name, owner_id, created_at)
         select id, name, "ownerId", coalesce("createdAt", now()) from given
       )
       insert into project_metadata (project_id, name, value)
       select g.id, m.key, m.value from given g, json_each_text(g.metadata) m`,
    ),
    insertMembers: inBatches(
      `insert into project_members (id, project_id, user_id, group_id, role_id, created_at)
       select id, "projectId", "userId", "groupId", "roleId", coalesce("createdAt", now())
       from json_to_recordset($1::json) as m (
         id integer, "projectId" integer, "userId" integer, "groupId" integer, "roleId" smallint,
         "createdAt" timestamptz
       )`,
    ),
    insertRobots: inBatches(
      `insert into robots (
         id, project_id, name, description, secret_hash, is_disabled, duration, expires_at, created_at
       )
       select id, "projectId", name, description, "secretHash", "isDisabled", duration,
         to_timestamp("expiresAt"), coalesce("createdAt", now())
       from json_to_recordset($1::json) as r (
         id integer, "projectId" integer, name text, description text, "secretHash" text, "isDisabled" boolean,
         duration integer, "expiresAt" double precision, "createdAt" timestamptz
       )`,
    ),
    insertGrants: inBatches(
      `insert into robot_permissions (robot_id, kind, project_id, resource, action)
       select distinct "robotId", kind, "projectId", resource, action
       from json_to_recordset($1::json) as g (
         "robotId" integer, kind text, "projectId" integer, resource text, action text
       )
       on conflict do nothing`,
    ),
    insertLabels: inBatches(
      `insert into labels (id, project_id, name, description, color, created_at)
       select id, "projectId", name, description, color, coalesce("createdAt", now())
       from json_to_recordset($1::json) as l (
         id integer, "projectId" integer, name text, description text, color text, "createdAt" timestamptz
       )`,
    ),
    insertChartLabels: inBatches(
      `insert into chart_version_labels (project_id, chart, version, label_id)
       select distinct "projectId", chart, version, "labelId"
       from json_to_recordset($1::json) as c (
         "projectId" integer, chart text, version text, "labelId" integer
       )
       on conflict do nothing`,
    ),
    note: (source, rows) => noteAll(rows, source),
  }
}
