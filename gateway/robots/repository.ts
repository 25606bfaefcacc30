import type { RobotGrant } from '../auth/principal.ts'
import type { Queryable } from '../db/database.ts'

/** What a robot's login is checked against. */
export interface RobotCredentials {
  id: number
  /** The short name, without prefix and project. */
  name: string
  projectId: number | null
  projectName: string | null
  secretHash: string
  credentialVersion: number
  isDisabled: boolean
  /** undefined: never. */
  expiresAt: Date | undefined
  grants: RobotGrant[]
}

export interface RobotsRepository {
  /** @param projectName null for a robot of the whole system. Robots of deleted projects are not found. */
  findCredentials: (
    projectName: string | null,
    name: string,
  ) => Promise<RobotCredentials | undefined>
  findCredentialsById: (id: number) => Promise<RobotCredentials | undefined>
  /** Another hash of the same secret: ends nothing. Does nothing where `from` is the hash no more. */
  rehash: (id: number, from: string, to: string) => Promise<void>
}

type CredentialsRow = Omit<RobotCredentials, 'expiresAt'> & { expiresAt: Date | null }

const CREDENTIALS = `
  select r.id, r.name, r.project_id as "projectId", p.name as "projectName", r.secret_hash as "secretHash",
    r.credential_version as "credentialVersion", r.is_disabled as "isDisabled", r.expires_at as "expiresAt",
    coalesce(
      (
        select json_agg(json_build_object(
          'kind', g.kind, 'projectId', g.project_id, 'resource', g.resource, 'action', g.action
        ))
        from robot_permissions g
        where g.robot_id = r.id
      ),
      '[]'
    ) as grants
  from robots r
  left join projects p on p.id = r.project_id`

export function createRobotsRepository(db: Queryable): RobotsRepository {
  return {
    findCredentials: async (projectName, name) => {
      // Postgres text holds no NUL, so no row can match
      if (name.includes('\0') || projectName?.includes('\0')) return undefined
      const found =
        projectName === null
          ? await db.query<CredentialsRow>({
              name: 'system_robot_credentials',
              text: `${CREDENTIALS} where r.project_id is null and r.name = $1::text`,
              values: [name],
            })
          : await db.query<CredentialsRow>({
              name: 'project_robot_credentials',
              text: `${CREDENTIALS}
                where p.name = $1::text and p.deleted_at is null and r.name = $2::text`,
              values: [projectName, name],
            })
      return found.rows[0] && toCredentials(found.rows[0])
    },
    findCredentialsById: async (id) => {
      const found = await db.query<CredentialsRow>({
        name: 'robot_credentials_by_id',
        text: `${CREDENTIALS} where r.id = $1::bigint and p.deleted_at is null`,
        values: [id],
      })
      return found.rows[0] && toCredentials(found.rows[0])
    },
    rehash: async (id, from, to) => {
      await db.query(
        `update robots set secret_hash = $3::text, rehashed_at = now()
         where id = $1::bigint and secret_hash = $2::text`,
        [id, from, to],
      )
    },
  }
}

function toCredentials(row: CredentialsRow): RobotCredentials {
  return { ...row, expiresAt: row.expiresAt ?? undefined }
}
