import assert from 'node:assert/strict'

/** Whom the table is about, in the order of its columns. */
export const PRINCIPALS = [
  'nobody',
  // project admin of another project, and nothing here
  'stranger',
  'limitedGuest',
  'guest',
  'developer',
  'maintainer',
  'projectAdmin',
  'systemAdmin',
  // of the project, of another one, and of the system: each was granted all that it can be
  'robot',
  'robotElsewhere',
  'systemRobot',
  // a system admin's, for pull and push in the project
  'token',
] as const

export type PrincipalName = (typeof PRINCIPALS)[number]

/**
 * Who gets what on every route of the REST API (below /api/v2.0, unless it begins with /api). A row holds in a private
 * and in a public project alike, unless there is one that says `public` in brackets; other words there are requests of
 * another kind to the same route. What is sent, and to what, stands in rest-access-requests.ts. Rows are tried in their
 * order: after POST /projects everybody is the admin of some project.
 */
const TABLE = `
                                              nob str lim gue dev mai adm sys rob els srb tok
GET    /api/version                           200 200 200 200 200 200 200 200 200 200 200 200
GET    /ping                                  200 200 200 200 200 200 200 200 200 200 200 200
GET    /health                                200 200 200 200 200 200 200 200 200 200 200 200
GET    /systeminfo                            200 200 200 200 200 200 200 200 200 200 200 200
GET    /openapi.json                          200 200 200 200 200 200 200 200 200 200 200 200

GET    /permissions                           401 200 403 403 403 403 200 200 403 403 403 403
GET    /projects                              200 200 200 200 200 200 200 200 200 200 200 403
HEAD   /projects                              401 200 200 200 200 200 200 200 200 200 200 403
POST   /projects                              401 201 201 201 201 201 201 201 403 403 201 403
GET    /projects/{project}                    401 403 200 200 200 200 200 200 200 403 200 200
GET    /projects/{project} (public)           200 200 200 200 200 200 200 200 200 200 200 200
PUT    /projects/{project}                    401 403 403 403 403 403 200 200 200 403 200 403
DELETE /projects/{project}                    401 403 403 403 403 403 412 412 412 403 412 403

GET    /projects/{project}/members            401 403 403 200 200 200 200 200 200 403 200 403
POST   /projects/{project}/members            401 403 403 403 403 403 201 201 201 403 201 403
GET    /projects/{project}/members/{mid}      401 403 403 200 200 200 200 200 200 403 200 403
PUT    /projects/{project}/members/{mid}      401 403 403 403 403 403 200 200 200 403 200 403
DELETE /projects/{project}/members/{mid}      401 403 403 403 403 403 200 200 200 403 200 403

GET    /users                                 401 403 403 403 403 403 403 200 403 403 200 403
POST   /users                                 401 403 403 403 403 403 403 201 403 403 201 403
GET    /users/current                         401 200 200 200 200 200 200 200 412 412 412 403
GET    /users/current/permissions             401 200 200 200 200 200 200 200 200 200 200 403
GET    /users/search                          401 200 200 200 200 200 200 200 200 200 200 403
GET    /users/{id}                            401 403 403 403 403 403 403 200 403 403 200 403
PUT    /users/{id}                            401 403 403 403 403 403 403 200 403 403 200 403
DELETE /users/{id}                            401 403 403 403 403 403 403 200 403 403 200 403
PUT    /users/{id}/cli_secret                 401 412 412 412 412 412 412 412 412 412 412 403
PUT    /users/{id}/password                   401 403 403 403 403 403 403 200 403 403 403 403
PUT    /users/{id}/sysadmin                   401 403 403 403 403 403 403 200 403 403 403 403

GET    /usergroups                            401 403 403 403 403 403 403 200 403 403 200 403
POST   /usergroups                            401 403 403 403 403 403 403 201 403 403 201 403
GET    /usergroups/search                     401 200 200 200 200 200 200 200 200 200 200 403
GET    /usergroups/{id}                       401 403 403 403 403 403 403 200 403 403 200 403
PUT    /usergroups/{id}                       401 403 403 403 403 403 403 200 403 403 200 403
DELETE /usergroups/{id}                       401 403 403 403 403 403 403 200 403 403 200 403

GET    /robots                                401 403 403 403 403 403 403 200 403 403 200 403
GET    /robots (project)                      401 403 403 200 200 200 200 200 200 403 200 403
POST   /robots                                401 403 403 403 403 403 403 201 403 403 403 403
POST   /robots (project)                      401 403 403 403 403 403 201 201 403 403 403 403
GET    /robots/{id}                           401 403 403 403 403 403 403 200 403 403 200 403
GET    /robots/{id} (project)                 401 403 403 200 200 200 200 200 200 403 200 403
PUT    /robots/{id} (project)                 401 403 403 403 403 403 200 200 403 403 403 403
PATCH  /robots/{id} (project)                 401 403 403 403 403 403 200 200 403 403 403 403
DELETE /robots/{id}                           401 403 403 403 403 403 403 200 403 403 403 403
DELETE /robots/{id} (project)                 401 403 403 403 403 403 200 200 403 403 403 403

GET    /projects/{project}/robots             401 403 403 200 200 200 200 200 200 403 200 403
POST   /projects/{project}/robots             401 403 403 403 403 403 201 201 403 403 403 403
GET    /projects/{project}/robots/{id}        401 403 403 200 200 200 200 200 200 403 200 403
PUT    /projects/{project}/robots/{id}        401 403 403 403 403 403 200 200 403 403 403 403
DELETE /projects/{project}/robots/{id}        401 403 403 403 403 403 200 200 403 403 403 403

GET    /projects/{project}/_deletable         401 403 403 403 403 403 200 200 200 403 200 403
GET    /projects/{project}/summary            401 403 200 200 200 200 200 200 200 403 200 200
GET    /projects/{project}/summary (public)   200 200 200 200 200 200 200 200 200 200 200 200
GET    /projects/{project}/metadatas          401 403 403 403 403 200 200 200 200 403 200 403
POST   /projects/{project}/metadatas          401 403 403 403 403 403 200 200 200 403 200 403
GET    /projects/{project}/metadatas/{metadata} 401 403 403 403 403 200 200 200 200 403 200 403
PUT    /projects/{project}/metadatas/{metadata} 401 403 403 403 403 403 200 200 200 403 200 403
DELETE /projects/{project}/metadatas/{metadata} 401 403 403 403 403 403 200 200 200 403 200 403

GET    /quotas                                401 403 403 403 403 403 403 200 403 403 403 403
GET    /quotas/{id}                           401 403 403 403 403 403 403 200 403 403 403 403
PUT    /quotas/{id}                           401 403 403 403 403 403 403 200 403 403 403 403

GET    /labels                                401 200 200 200 200 200 200 200 200 200 200 403
GET    /labels (project)                      401 403 403 200 200 200 200 200 200 403 200 403
GET    /labels (project, public)              200 200 200 200 200 200 200 200 200 200 200 403
POST   /labels                                401 403 403 403 403 403 403 201 403 403 403 403
POST   /labels (project)                      401 403 403 403 403 201 201 201 201 403 201 403
GET    /labels/{id}                           401 403 403 403 403 403 403 200 403 403 403 403
GET    /labels/{id} (project)                 401 403 403 200 200 200 200 200 200 403 200 403
GET    /labels/{id} (project, public)         200 200 200 200 200 200 200 200 200 200 200 403
PUT    /labels/{id}                           401 403 403 403 403 403 403 200 403 403 403 403
PUT    /labels/{id} (project)                 401 403 403 403 403 200 200 200 200 403 200 403
DELETE /labels/{id}                           401 403 403 403 403 403 403 200 403 403 403 403
DELETE /labels/{id} (project)                 401 403 403 403 403 200 200 200 200 403 200 403
GET    /chartrepo/{project}/charts/{chart}/{version}/labels 401 403 403 403 200 200 200 200 200 403 200 403
POST   /chartrepo/{project}/charts/{chart}/{version}/labels 401 403 403 403 200 200 200 200 200 403 200 403
DELETE /chartrepo/{project}/charts/{chart}/{version}/labels/{label} 401 403 403 403 200 200 200 200 200 403 200 403

GET    /search                                200 200 200 200 200 200 200 200 200 200 200 403
GET    /statistics                            401 200 200 200 200 200 200 200 403 403 403 403
GET    /configurations                        401 403 403 403 403 403 403 200 403 403 403 403
PUT    /configurations                        401 403 403 403 403 403 403 200 403 403 403 403

GET    /audit-logs                            401 200 200 200 200 200 200 200 200 200 200 403
GET    /auditlog-exts                         401 200 200 200 200 200 200 200 200 200 200 403
GET    /auditlog-exts/events                  401 200 200 200 200 200 200 200 200 200 200 403
GET    /projects/{project}/logs               401 403 403 200 200 200 200 200 200 403 200 403
GET    /projects/{project}/auditlog-exts      401 403 403 200 200 200 200 200 200 403 200 403
`

export interface AccessRow {
  method: string
  /** `/api/v2.0/projects/{project}`, as the API's description has it. */
  path: string
  /** '', or what stands in brackets, but for `public`. */
  variant: string
  projects: readonly ('private' | 'public')[]
  statuses: Readonly<Record<PrincipalName, number>>
}

const ROW =
  /^(?<method>[A-Z]+) +(?<path>\S+)(?: +\((?:(?<variant>(?!public)\w+)(?:, )?)?(?<isPublic>public)?\))?(?<statuses>(?: +\d{3})+)$/

/** The rows, checked: each has a status for everybody. */
export const ACCESS_ROWS: readonly AccessRow[] = readTable(TABLE)

function readTable(table: string): AccessRow[] {
  const rows = table.split('\n').filter((line) => /^[A-Z]/.test(line))
  const parsed = rows.map((line) => {
    const found = ROW.exec(line)?.groups
    assert.ok(found, `not a row: ${line}`)
    const { method = '', path = '', variant = '', isPublic, statuses = '' } = found
    const numbers = statuses.trim().split(/ +/).map(Number)
    assert.equal(numbers.length, PRINCIPALS.length, `one status a principal: ${line}`)
    const entries = PRINCIPALS.map((name, index) => [name, numbers[index]])
    return {
      method,
      path: path.startsWith('/api/') ? path : `/api/v2.0${path}`,
      variant,
      isPublic: isPublic !== undefined,
      statuses: Object.fromEntries(entries) as AccessRow['statuses'],
    }
  })
  const hasPublicRow = (row: (typeof parsed)[number]) =>
    parsed.some(
      (other) =>
        other.isPublic &&
        other.method === row.method &&
        other.path === row.path &&
        other.variant === row.variant,
    )
  return parsed.map(({ isPublic, ...row }) => ({
    ...row,
    projects: isPublic
      ? ['public']
      : hasPublicRow({ ...row, isPublic })
        ? ['private']
        : ['private', 'public'],
  }))
}
