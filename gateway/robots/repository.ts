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
}

export declare function createRobotsRepository(db: Queryable): RobotsRepository
