import { z } from 'zod'
import { StartError } from '../../service/start-error.ts'
import type { Database, Queryable } from '../db/database.ts'
import { ADMIN_ID } from '../users/user-rules.ts'
import {
  type ChartLabelRow,
  chartLabelRow,
  type GroupRow,
  groupRow,
  type LabelRow,
  labelRow,
  type MemberRow,
  memberRow,
  metadataRow,
  type ProjectRow,
  projectRow,
  type RobotPolicyRow,
  type RobotRow,
  robotPolicyRow,
  robotRow,
  roleRow,
  type UserRow,
  userRow,
} from './harbor-rows.ts'

/** What is of use here of a Harbor, all of one moment. */
export interface HarborData {
  /** `2.7`, as far as its schema tells. */
  version: string
  /** Tells one Harbor from another, also after its database was dumped and restored: when its admin was made. */
  source: string
  /** `db_auth`, or where else passwords are checked. */
  authMode: string
  /** undefined before 2.2, where it could not be chosen. */
  robotPrefix: string | undefined
  users: UserRow[]
  /** Users that log in by OIDC: their passwords are none. */
  oidcUsers: ReadonlySet<number>
  groups: GroupRow[]
  projects: ProjectRow[]
  /** By project. */
  metadata: ReadonlyMap<number, ReadonlyMap<string, string>>
  members: MemberRow[]
  /** Names by id. */
  roles: ReadonlyMap<number, string>
  robots: RobotRow[]
  robotPolicies: RobotPolicyRow[]
  labels: LabelRow[]
  chartLabels: ChartLabelRow[]
}

/**
 * Reads a Harbor's database in one read-only transaction: nothing can be written, and what is read belongs together.
 * @throws {StartError} where it is none, or was left half upgraded.
 */
export function readHarbor(db: Database): Promise<HarborData> {
  return db.inTransaction(async (transaction) => {
    await transaction.query('set transaction isolation level repeatable read, read only')
    const tables = createTables(transaction)
    const version = await readVersion(tables)
    const users = await tables.read('harbor_user', userRow, 'user_id')
    const source = users.find(({ user_id }) => user_id === ADMIN_ID)?.creation_time
    if (!source) throw new StartError("Harbor's database has no admin (user 1): it is not whole")
    const properties = await readProperties(tables)
    const oidcUsers = await tables.read('oidc_user', z.object({ user_id: z.int() }), 'id')
    const metadata = await tables.read('project_metadata', metadataRow, 'id')
    const roles = await tables.read('role', roleRow, 'role_id')
    return {
      version,
      source,
      authMode: properties.get('auth_mode') ?? 'db_auth',
      robotPrefix: properties.get('robot_name_prefix'),
      users,
      oidcUsers: new Set(oidcUsers.map(({ user_id }) => user_id)),
      groups: await tables.read('user_group', groupRow, 'id'),
      projects: await tables.read('project', projectRow, 'project_id'),
      metadata: groupMetadata(metadata),
      members: await tables.read('project_member', memberRow, 'id'),
      roles: new Map(roles.map(({ role_id, name }) => [role_id, name])),
      robots: await tables.read('robot', robotRow, 'id'),
      robotPolicies: await readRobotPolicies(transaction, tables),
      labels: await tables.read('harbor_label', labelRow, 'id'),
      chartLabels: await tables.read(
        'harbor_resource_label',
        chartLabelRow,
        'id',
        // images had labels here too, until 2.0
        `where resource_type = 'c'`,
      ),
    }
  })
}

interface Tables {
  has: (table: string) => Promise<boolean>
  /** None where there is no such table yet. */
  read: <Row>(table: string, row: z.ZodType<Row>, orderBy: string, where?: string) => Promise<Row[]>
}

/** Names and conditions are ours. */
function createTables(db: Queryable): Tables {
  const has = async (table: string) => {
    const found = await db.query<{ exists: boolean }>(
      'select to_regclass($1::text) is not null as exists',
      [table],
    )
    return found.rows[0]?.exists === true
  }
  return {
    has,
    read: async (table, row, orderBy, where = '') => {
      if (!(await has(table))) return []
      const found = await db.query<{ row: unknown }>(
        `select to_jsonb(t) as row from ${table} t ${where} order by ${orderBy}`,
      )
      return found.rows.map(({ row: value }) => parseRow(table, row, value))
    },
  }
}

function parseRow<Row>(table: string, row: z.ZodType<Row>, value: unknown): Row {
  const parsed = row.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new StartError(
    `table ${table} of Harbor's database is not as it was from 1.6 to 2.7: ${issue?.path.join('.')}: ${issue?.message}`,
  )
}

/** The numbers of Harbor's migrations. The first that a version has counts for it. */
const VERSIONS: readonly (readonly [number, string])[] = [
  [110, '2.8 or later'],
  [100, '2.7'],
  [90, '2.6'],
  [80, '2.5'],
  [70, '2.4'],
  [60, '2.3'],
  [50, '2.2'],
  [40, '2.1'],
  [30, '2.0'],
  [15, '1.10'],
  [10, '1.9'],
  [4, '1.8'],
  [2, '1.7'],
  [0, '1.6'],
]

async function readVersion(tables: Tables): Promise<string> {
  const isHarbor = (await tables.has('harbor_user')) && (await tables.has('project'))
  if (!isHarbor) {
    throw new StartError(
      "this is no database of Harbor 1.6 or later: it has no table harbor_user (Harbor's is called registry)",
    )
  }
  const row = z.object({ version: z.int(), dirty: z.boolean() })
  const [found] = await tables.read('schema_migrations', row, 'version desc')
  if (found?.dirty) {
    throw new StartError("Harbor's database was left half upgraded: finish Harbor's upgrade first")
  }
  const number = found?.version ?? 0
  return VERSIONS.find(([first]) => number >= first)?.[1] ?? '1.6'
}

async function readProperties(tables: Tables): Promise<Map<string, string>> {
  const row = z.object({ k: z.string(), v: z.string() })
  return new Map((await tables.read('properties', row, 'id')).map(({ k, v }) => [k, v]))
}

function groupMetadata(
  rows: readonly z.output<typeof metadataRow>[],
): Map<number, Map<string, string>> {
  const byProject = new Map<number, Map<string, string>>()
  for (const { project_id, name, value, deleted } of rows) {
    if (deleted) continue
    const metadata = byProject.get(project_id) ?? new Map<string, string>()
    byProject.set(project_id, metadata.set(name, value))
  }
  return byProject
}

async function readRobotPolicies(db: Queryable, tables: Tables): Promise<RobotPolicyRow[]> {
  if (!(await tables.has('role_permission'))) return []
  const found = await db.query<{ row: unknown }>(
    `select json_build_object('robot_id', r.role_id, 'scope', p.scope, 'resource', p.resource, 'action', p.action,
       'effect', p.effect) as row
     from role_permission r
     join permission_policy p on p.id = r.permission_policy_id
     where r.role_type = 'robotaccount'
     order by r.id`,
  )
  return found.rows.map(({ row }) => parseRow('permission_policy', robotPolicyRow, row))
}
