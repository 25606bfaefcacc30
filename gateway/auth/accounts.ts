import type { Change } from '../db/change.ts'
import type { RobotCredentials, RobotsRepository } from '../robots/repository.ts'
import { formatRobotName, parseRobotName } from '../robots/robot-name.ts'
import type { UserCredentials, UsersRepository } from '../users/repository.ts'
import type { RobotPrincipal, UserPrincipal } from './principal.ts'

/** A principal that can log in, and what decides whether it may. */
export interface Account {
  principal: UserPrincipal | RobotPrincipal
  passwordHash: string
  isDisabled: boolean
  /** undefined: never. */
  expiresAt: Date | undefined
}

export interface Accounts {
  /** By user name or email, or by a robot's full name. */
  findByLogin: (login: string) => Promise<Account | undefined>
  findById: (kind: 'user' | 'robot', id: number) => Promise<Account | undefined>
  /** Keeps another hash of the same password, unless it was changed meanwhile. */
  rehash: (account: Account, passwordHash: string) => Promise<void>
}

/** Users and robots as one: what logs in. */
export function createAccounts({
  users,
  robots,
  robotPrefix,
}: {
  users: UsersRepository
  robots: RobotsRepository
  robotPrefix: string
}): Accounts {
  const fromUser = (user: UserCredentials): Account => ({
    principal: {
      kind: 'user',
      id: user.id,
      name: user.username,
      credentialVersion: user.credentialVersion,
      isSystemAdmin: user.isSystemAdmin,
    },
    passwordHash: user.passwordHash,
    isDisabled: false,
    expiresAt: undefined,
  })

  const fromRobot = (robot: RobotCredentials): Account => ({
    principal: {
      kind: 'robot',
      id: robot.id,
      name: formatRobotName(robotPrefix, robot),
      credentialVersion: robot.credentialVersion,
      projectId: robot.projectId,
      grants: robot.grants,
    },
    passwordHash: robot.secretHash,
    isDisabled: robot.isDisabled,
    expiresAt: robot.expiresAt,
  })

  return {
    findByLogin: async (login) => {
      const robotName = parseRobotName(robotPrefix, login)
      if (robotName !== undefined) {
        const robot = await robots.findCredentials(robotName.projectName, robotName.name)
        // A prefix such as `robot_` may also begin a user's name: go on.
        if (robot !== undefined) return fromRobot(robot)
      }
      const user = await users.findCredentials(login)
      return user === undefined ? undefined : fromUser(user)
    },

    findById: async (kind, id) => {
      if (kind === 'user') {
        const user = await users.findCredentialsById(id)
        return user === undefined ? undefined : fromUser(user)
      }
      const robot = await robots.findCredentialsById(id)
      return robot === undefined ? undefined : fromRobot(robot)
    },

    rehash: ({ principal, passwordHash: from }, to) => {
      const { rehash } = principal.kind === 'user' ? users : robots
      return rehash(principal.id, from, to)
    },
  }
}

/** To be asked at every use, cached or not: no change is announced when a robot's time runs out. */
export function isUsable(account: Account, now = Date.now()): boolean {
  return (
    !account.isDisabled && (account.expiresAt === undefined || now < account.expiresAt.getTime())
  )
}

/** Whether a change may have made a cached account wrong. */
export function isAccountStale(change: Change, { principal }: Account): boolean {
  switch (change.topic) {
    case 'everything':
      return true
    case 'users':
      return principal.kind === 'user' && principal.id === change.id
    case 'robots':
      return principal.kind === 'robot' && principal.id === change.id
    case 'projects':
      // A robot goes with its project.
      return principal.kind === 'robot' && principal.projectId === change.id
    default:
      return false
  }
}
