import { Client } from 'pg'
import type { ConnectionConfig } from '../gateway/db/connect.ts'

export const PASSWORD = 'Passw0rd'

const PROJECTS = 10_000
const USERS = 5000
/** Of each user. */
const MEMBERSHIPS = 20
/** Of `many`, who is in a tenth of all projects. */
const MANY = 1000
const AUDIT_ROWS = 1_000_000

/** Fills a migrated database, unless it is full. Each statement takes longer than the gateway's own pool would wait. */
export async function fillDatabase(
  connection: ConnectionConfig,
  passwordHash: string,
): Promise<void> {
  const client = new Client(connection)
  await client.connect()
  try {
    const found = await client.query('select from audit_log limit 1')
    if (found.rowCount === 1) return
    for (const [sql, values] of statements(passwordHash)) await client.query(sql, values)
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}

function statements(passwordHash: string): [string, unknown[]][] {
  return [
    [`update users set password_hash = $1 where id = 1`, [passwordHash]],
    [
      `insert into users (username, email, password_hash, realname)
       select name, name || '@example.com', $1, name
       from (
         select 'many' as name
         union all
         select 'user-' || n from generate_series(1, ${USERS}) n
       ) names`,
      [passwordHash],
    ],
    [
      `insert into projects (name, owner_id)
       select 'team-' || substr(md5(n::text), 1, 6) || '-' || n, 1 + n % ${USERS}
       from generate_series(2, ${PROJECTS}) n`,
      [],
    ],
    [
      `insert into project_metadata (project_id, name, value)
       select id, 'public', (id % 20 = 0)::text from projects where id > 1`,
      [],
    ],
    [
      `insert into project_members (project_id, user_id, role_id)
       select 1 + (u.id * 7 + n * 499) % ${PROJECTS}, u.id, 1 + n % 5
       from users u, generate_series(0, ${MEMBERSHIPS - 1}) n
       where u.username like 'user-%'
       union all
       select 1 + n * 10 % ${PROJECTS}, u.id, 3
       from users u, generate_series(0, ${MANY - 1}) n
       where u.username = 'many'`,
      [],
    ],
    [
      `insert into user_groups (name, type) select 'group-' || n, 3 from generate_series(1, 1000) n`,
      [],
    ],
    [
      `insert into robots (project_id, name, secret_hash)
       select 1 + n % ${PROJECTS}, 'robot-' || n, 'x' from generate_series(1, ${PROJECTS}) n
       union all
       select null, 'robot-' || n, 'x' from generate_series(1, 1000) n`,
      [],
    ],
    [
      `insert into robot_permissions (robot_id, kind, project_id, resource, action)
       select id, 'project', project_id, 'helm-chart', action
       from robots, unnest(array['read', 'list']) action`,
      [],
    ],
    [
      // a few projects have most of it, and nine of ten lines are downloads
      `insert into audit_log (
         op_time, principal_kind, principal_id, username, project_id, project_name, operation,
         resource_type, resource, chart, version, status, request_id, source_address
       )
       select now() - (${AUDIT_ROWS} - n) * interval '30 seconds', 'user', u, 'user-' || u, p,
         'team-' || p, op, 'chart', 'team-' || p || '/chart-' || c || ':1.0.' || v, 'chart-' || c,
         '1.0.' || v, case when n % 50 = 0 then 404 else 200 end, 'request-' || n, '192.0.2.1'
       from (
         select n, 1 + (random() * ${USERS - 1})::integer as u,
           1 + (power(random(), 3) * ${PROJECTS - 1})::integer as p,
           (random() * 20)::integer as c, (random() * 50)::integer as v,
           case when n % 10 = 0 then 'create' when n % 1001 = 0 then 'delete' else 'pull' end as op
         from generate_series(1, ${AUDIT_ROWS}) n
       ) made`,
      [],
    ],
  ]
}

/** First pages, as a system admin and as a member of many projects ask for them. */
export const LISTS: { user: 'admin' | 'many'; path: string }[] = [
  ...(['admin', 'many'] as const).flatMap((user) => [
    { user, path: '/projects' },
    { user, path: '/projects?page_size=100' },
    { user, path: '/projects?name=TEAM-AB' },
    { user, path: '/projects?q=name%3D~zzz' },
    { user, path: '/projects?public=true' },
    { user, path: '/projects?sort=-creation_time' },
    { user, path: '/projects/11/members' },
    { user, path: '/projects/1/members' },
    { user, path: '/projects/11/robots' },
    { user, path: '/users/search?username=user-49' },
    { user, path: '/usergroups/search?groupname=group-9' },
    { user, path: '/audit-logs' },
    { user, path: '/audit-logs?page_size=100' },
    { user, path: '/audit-logs?q=operation%3Ddelete' },
    { user, path: '/audit-logs?q=operation%3Dupdate' },
    { user, path: '/audit-logs?q=username%3Duser-4711' },
    { user, path: '/audit-logs?q=username%3Dnobody' },
    { user, path: '/audit-logs?q=resource%3Dteam-11/chart-1:1.0.1' },
    { user, path: '/audit-logs?q=resource%3D~chart-7:1.0.4' },
    { user, path: '/audit-logs?q=resource%3D~nothing' },
    { user, path: '/audit-logs?q=op_time%3D[~2000-01-01T00:00:00]' },
    { user, path: '/audit-logs?sort=op_time' },
    { user, path: '/auditlog-exts' },
    { user, path: '/projects/library/logs' },
  ]),
  { user: 'admin', path: '/users' },
  { user: 'admin', path: '/users?username=user-49' },
  { user: 'admin', path: '/usergroups' },
  { user: 'admin', path: '/robots' },
  { user: 'admin', path: '/robots?q=Level%3Dproject,ProjectID%3D11' },
]
