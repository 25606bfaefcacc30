import type { Queryable } from '../db/database.ts'

/** What is here already, as far as it can be in the way of an import. */
export interface OurRecords {
  /** What came from this Harbor before: our ids (null: no row) by `kind key`. */
  imported: ReadonlyMap<string, number | null>
  /** Of those that are not deleted, as are all below. */
  users: ReadonlyMap<string, { id: number; email: string; isSystemAdmin: boolean }>
  /** User names by email. */
  emails: ReadonlyMap<string, string>
  projects: ReadonlyMap<string, { id: number; isPublic: boolean }>
  /** By {@link groupKey}. */
  groups: ReadonlyMap<string, number>
  /** Our ids and roles by {@link memberKey}. */
  members: ReadonlyMap<string, { id: number; roleId: number }>
  /** By {@link nameKey}. */
  robots: ReadonlyMap<string, number>
  labels: ReadonlyMap<string, number>
  /** The ids of all rows that are there, by kind. */
  ids: Readonly<Record<'user' | 'project' | 'group' | 'label', ReadonlySet<number>>>
}

export const importKey = (kind: string, key: string | number) => `${kind} ${key}`
export const nameKey = (projectId: number | null, name: string) => `${projectId ?? ''} ${name}`
export const memberKey = (projectId: number, kind: 'user' | 'group', id: number) =>
  `${projectId} ${kind} ${id}`
/** LDAP groups are known by their distinguished names, the others by the names that people see. */
export const groupKey = (type: number, name: string, ldapDn: string) =>
  type === 1 ? `1 ${ldapDn}` : `${type} ${name}`

/** See {@link OurRecords.imported}. */
export async function readImported(db: Queryable, source: string): Promise<OurRecords['imported']> {
  const imported = await db.query<{ kind: string; key: string; id: number | null }>(
    'select kind, source_key as key, target_id as id from harbor_imports where source = $1::text',
    [source],
  )
  return new Map(imported.rows.map(({ kind, key, id }) => [importKey(kind, key), id]))
}

export async function readOurs(db: Queryable, source: string): Promise<OurRecords> {
  const users = await db.query<{
    id: number
    username: string
    email: string
    isSystemAdmin: boolean
  }>(
    `select id, username, email, is_system_admin as "isSystemAdmin" from users where deleted_at is null`,
  )
  const projects = await db.query<{ id: number; name: string; isPublic: boolean }>(
    `select p.id, p.name, coalesce(m.value = 'true', false) as "isPublic"
     from projects p
     left join project_metadata m on m.project_id = p.id and m.name = 'public'
     where p.deleted_at is null`,
  )
  const groups = await db.query<{ id: number; type: number; name: string; ldapDn: string }>(
    'select id, type, name, ldap_dn as "ldapDn" from user_groups',
  )
  const members = await db.query<{
    id: number
    projectId: number
    userId: number | null
    groupId: number | null
    roleId: number
  }>(
    `select id, project_id as "projectId", user_id as "userId", group_id as "groupId", role_id as "roleId"
     from project_members`,
  )
  const robots = await db.query<Named>('select id, project_id as "projectId", name from robots')
  const labels = await db.query<Named>('select id, project_id as "projectId", name from labels')
  return {
    imported: await readImported(db, source),
    users: new Map(users.rows.map((user) => [user.username, user])),
    emails: new Map(users.rows.map(({ email, username }) => [email, username])),
    projects: new Map(projects.rows.map((project) => [project.name, project])),
    groups: new Map(
      groups.rows.map(({ id, type, name, ldapDn }) => [groupKey(type, name, ldapDn), id]),
    ),
    members: new Map(
      members.rows.map(({ id, projectId, userId, groupId, roleId }) => [
        userId === null
          ? memberKey(projectId, 'group', groupId ?? 0)
          : memberKey(projectId, 'user', userId),
        { id, roleId },
      ]),
    ),
    robots: byName(robots.rows),
    labels: byName(labels.rows),
    ids: {
      user: idsOf(users.rows),
      project: idsOf(projects.rows),
      group: idsOf(groups.rows),
      label: idsOf(labels.rows),
    },
  }
}

interface Named {
  id: number
  projectId: number | null
  name: string
}

function byName(rows: readonly Named[]): Map<string, number> {
  return new Map(rows.map(({ id, projectId, name }) => [nameKey(projectId, name), id]))
}

function idsOf(rows: readonly { id: number }[]): Set<number> {
  return new Set(rows.map(({ id }) => id))
}
