import { IncomingMessage, type RequestListener } from 'node:http'
import type { TestContext } from 'node:test'
import type { Redis } from 'ioredis'
import { pino } from 'pino'
import type { RoleId } from '../../gateway/access/permissions.ts'
import { assembleGateway } from '../../gateway/assemble.ts'
import { hashPassword } from '../../gateway/auth/password.ts'
import type { ChartStore } from '../../gateway/charts/chart-store.ts'
import type { GatewayConfig } from '../../gateway/config.ts'
import type { ChangeFeed } from '../../gateway/db/change.ts'
import { type ConnectionConfig, connectDatabase } from '../../gateway/db/connect.ts'
import type { Database } from '../../gateway/db/database.ts'
import { createChangeFeed } from '../../gateway/db/listen.ts'
import { createEmbeddedStore } from '../../gateway/embedded-chartstore.ts'
import { loadEmbeddedConfig } from '../../gateway/embedded-config.ts'
import { drain, listen } from '../../service/http-server.ts'
import type { Logger } from '../../service/log.ts'
import { createServer } from '../../service/node-http.ts'
import { createTestDatabase } from './database.ts'
import { makeFolder } from './folder.ts'

export interface TestGateway {
  url: string
  db: Database
  /** To its database. */
  connection: ConnectionConfig
  changes: ChangeFeed
  accounts: TestAccounts
  /** Resolves when what was recorded is in the table. */
  flushAudit: () => Promise<void>
  /** How many requests were answered in front of Express. */
  fastAnswers: () => number
  /** How many requests node:http has read: others were recognised. */
  requestsRead: () => number
  /** In the order of their coming: lines of the gateway's log, parsed. */
  logLines: Record<string, unknown>[]
  /** `as` logs in with Basic, by the password of test accounts unless another is given. */
  get: (path: string, init?: RequestInit & { as?: string; password?: string }) => Promise<Response>
}

export const PASSWORD = 'Passw0rd:with:colons'

export interface GatewayOptions {
  store?: ChartStore | ((log: Logger) => ChartStore)
  /** A gateway whose database it stands on as well. */
  beside?: TestGateway
  externalUrl?: string
  robotPrefix?: string
  trustProxy?: GatewayConfig['trustProxy']
  redis?: Redis
  tokenExpirationMinutes?: number
  auditRetentionDays?: number
  hasFastPath?: boolean
  /** How the gateway gets to the database, where not straight. */
  reachDatabase?: (connection: ConnectionConfig) => Promise<ConnectionConfig>
}

/** A gateway on a database and a chart store of the test's own, stopped after the test. */
export async function startGateway(
  t: TestContext,
  options: GatewayOptions = {},
): Promise<TestGateway> {
  const { robotPrefix = 'robot$', trustProxy = false, redis, tokenExpirationMinutes } = options
  const { auditRetentionDays = 0 } = options
  const closers: (() => Promise<void>)[] = []
  // Made first, so that it runs first: the database goes after what uses it.
  t.after(async () => {
    for (const close of closers) await close()
  })

  const logLines: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: (line) => logLines.push(JSON.parse(line)) })
  const testDatabase = options.beside ?? (await createTestDatabase(t))
  const connection =
    (await options.reachDatabase?.(testDatabase.connection)) ?? testDatabase.connection
  const db = await connectDatabase(connection, log)
  const changes = await createChangeFeed(connection, log)
  const store = await makeStore(t, options.store, log)

  const gateway = assembleGateway(
    { db, changes, store, redis, log },
    {
      auditRetentionDays,
      externalUrl: options.externalUrl,
      robotNamePrefix: robotPrefix,
      tokenExpirationMinutes,
      trustProxy,
      ...(options.hasFastPath === undefined ? {} : { hasFastPath: options.hasFastPath }),
    },
  )
  let fastAnswers = 0
  let requestsRead = 0
  const handle: RequestListener = (req, res) => {
    requestsRead += 1
    gateway.handle(req, res)
    res.once('finish', () => {
      // Express makes each request one of its own
      if (Object.getPrototypeOf(req) === IncomingMessage.prototype) fastAnswers += 1
    })
  }
  const server = createServer(handle)
  server.on('checkContinue', handle)
  const settle = gateway.watch(server)
  const url = await listen(server, '127.0.0.1', 0)
  closers.push(
    () => drain(server, 1000, settle),
    () => gateway.close(),
    () => store.close(),
    () => changes.close(),
    () => db.close(),
  )

  return {
    url,
    db: testDatabase.db,
    connection: testDatabase.connection,
    changes,
    fastAnswers: () => fastAnswers,
    requestsRead: () => requestsRead,
    accounts: createTestAccounts(testDatabase.db, changes),
    flushAudit: () => gateway.auditLog.flush(),
    logLines,
    get: (path, { as, password = PASSWORD, headers, ...init } = {}) => {
      const identity: Record<string, string> =
        as === undefined ? {} : { authorization: basic(as, password) }
      return fetch(`${url}${path}`, { ...init, headers: { ...identity, ...headers } })
    },
  }
}

async function makeStore(
  t: TestContext,
  given: GatewayOptions['store'],
  log: Logger,
): Promise<ChartStore> {
  if (typeof given === 'function') return given(log)
  if (given !== undefined) return given
  return createEmbeddedStore(loadEmbeddedConfig({}, await makeFolder(t)), log)
}

export function basic(login: string, password = PASSWORD): string {
  return `Basic ${Buffer.from(`${login}:${password}`, 'utf8').toString('base64')}`
}

export type TestAccounts = ReturnType<typeof createTestAccounts>

/** Rows as the REST API would make them. Every password is PASSWORD. */
function createTestAccounts(db: Database, changes: ChangeFeed) {
  const insert = async (text: string, values: unknown[]): Promise<number> => {
    const { rows } = await db.query<{ id: number }>(`${text} returning id`, values)
    await changes.settled()
    return rows[0]?.id ?? 0
  }
  const run = async (text: string, values: unknown[]) => {
    await db.query(text, values)
    await changes.settled()
  }
  let hash: Promise<string> | undefined
  const passwordHash = () => {
    hash ??= hashPassword(PASSWORD)
    return hash
  }

  return {
    createUser: async (name: string, isSystemAdmin = false): Promise<number> =>
      insert(
        `insert into users (username, email, password_hash, is_system_admin)
         values ($1, $2, $3, $4)`,
        [name, `${name}@example.com`, await passwordHash(), isSystemAdmin],
      ),
    deleteUser: (id: number) => run('update users set deleted_at = now() where id = $1', [id]),
    setPassword: async (id: number, password: string) =>
      run('update users set password_hash = $2 where id = $1', [id, await hashPassword(password)]),
    createProject: async (name: string, isPublic = false): Promise<number> => {
      const id = await insert('insert into projects (name, owner_id) values ($1, 1)', [name])
      await run(
        `insert into project_metadata (project_id, name, value) values ($1, 'public', $2)`,
        [id, String(isPublic)],
      )
      return id
    },
    addMember: (projectId: number, userId: number, role: RoleId) =>
      insert('insert into project_members (project_id, user_id, role_id) values ($1, $2, $3)', [
        projectId,
        userId,
        role,
      ]),
    removeMember: (projectId: number, userId: number) =>
      run('delete from project_members where project_id = $1 and user_id = $2', [
        projectId,
        userId,
      ]),
    /** @param grants `resource:action` in the robot's project, or in every project for a robot of the system. */
    createRobot: async (projectId: number | null, name: string, grants: readonly string[]) => {
      const id = await insert(
        'insert into robots (project_id, name, secret_hash) values ($1, $2, $3)',
        [projectId, name, await passwordHash()],
      )
      for (const grant of grants) {
        const [resource, action] = grant.split(':')
        await run(
          `insert into robot_permissions (robot_id, kind, project_id, resource, action)
           values ($1, 'project', $2, $3, $4)`,
          [id, projectId, resource, action],
        )
      }
      return id
    },
    grantInSystem: async (robotId: number, grants: readonly string[]) => {
      for (const grant of grants) {
        await run(
          `insert into robot_permissions (robot_id, kind, resource, action)
           values ($1, 'system', $2, $3)`,
          [robotId, ...grant.split(':')],
        )
      }
    },
    createLabel: (projectId: number | null, name: string) =>
      insert('insert into labels (project_id, name) values ($1, $2)', [projectId, name]),
    /** Of type OIDC. */
    createGroup: (name: string) =>
      insert('insert into user_groups (name, type) values ($1, 3)', [name]),
    addGroupMember: (projectId: number, groupId: number, role: RoleId) =>
      insert('insert into project_members (project_id, group_id, role_id) values ($1, $2, $3)', [
        projectId,
        groupId,
        role,
      ]),
    run,
  }
}
