import type { Command } from 'commander'
import { TOKEN_ACTION_PERMISSIONS } from '../access/permissions.ts'
import { hashPassword } from '../auth/password.ts'
import type { RobotGrant } from '../auth/principal.ts'
import type { Database } from '../db/database.ts'
import { NotFound } from '../http/errors.ts'
import { createFilter } from '../http/query-language-sql.ts'
import { describeRobot } from '../robots/describe-robot.ts'
import { createRobotsRepository } from '../robots/repository.ts'
import { checkRobot, checkRobotName, readDuration } from '../robots/robot-body.ts'
import { formatRobotName, parseRobotName } from '../robots/robot-name.ts'
import { createRobotRecords, type RobotRecord } from '../robots/robot-records.ts'
import { makeRobotSecret } from '../robots/robot-secret.ts'
import { createSettingsRecords } from '../settings/settings-records.ts'
import { EVERYTHING } from './everything.ts'
import { UsageError } from './exit-code.ts'
import { formatTable } from './output.ts'
import type { Run } from './program.ts'
import { requireProject } from './project.ts'

interface NewRobotOptions {
  project?: string
  allProjects?: true
  allow: string[]
  days?: string
  description: string
}

export function addRobotCommands(program: Command, run: Run): void {
  const robot = program.command('robot').description('accounts for programs')

  robot
    .command('create <name>')
    .description('create a robot, and print its secret this once')
    .option('--project <name>', 'a robot of this project')
    .option('--all-projects', 'a robot of the system, for every project')
    .requiredOption('--allow <what...>', 'pull, push, or permissions: helm-chart-version:create …')
    .option('--days <number>', 'how long it may log in; -1: for ever')
    .option('--description <text>', 'what it is for', '')
    .action(
      run(async ({ openDatabase, output, config }, name: string, options: NewRobotOptions) => {
        const { project, description } = options
        if ((project === undefined) === (options.allProjects === undefined)) {
          throw new UsageError('give either --project <name> or --all-projects')
        }
        checkRobotName(name)
        const access = options.allow.flatMap(readAccess)
        checkRobot({
          name,
          description,
          level: project === undefined ? 'system' : 'project',
          duration: undefined,
          disable: false,
          permissions: [{ kind: 'project', namespace: project ?? '*', access }],
        })
        const days = options.days === undefined ? undefined : readDays(options.days)
        const db = await openDatabase()
        const { robot_token_duration } = await createSettingsRecords(db).read()
        const duration = readDuration(days, robot_token_duration)
        const projectId = project === undefined ? null : (await requireProject(db, project)).id
        const grants = access.map((one): RobotGrant => ({ kind: 'project', projectId, ...one }))
        const secret = makeRobotSecret()
        const secretHash = await hashPassword(secret)
        const { id } = await createRobotRecords(db).insert({
          name,
          projectId,
          secretHash,
          description,
          duration,
          isDisabled: false,
          grants,
        })
        const login = formatRobotName(config.robotNamePrefix, {
          name,
          projectName: project ?? null,
        })
        output.result(
          { id, name: login, secret },
          `robot ${login} is created; its secret, which is not shown again:\n${secret}`,
        )
      }),
    )

  robot
    .command('list')
    .description('list the robots of the system, or of a project')
    .option('--project <name>')
    .action(
      run(async ({ openDatabase, output, config }, { project }: { project?: string }) => {
        const db = await openDatabase()
        const projectId = project === undefined ? null : (await requireProject(db, project)).id
        const records = createRobotRecords(db)
        const { robots } = await records.list(projectId, createFilter(), 'r.id', EVERYTHING)
        const described = robots.map((found) => describeRobot(config.robotNamePrefix, found))
        output.result(described, formatRobots(described))
      }),
    )

  robot
    .command('refresh <login>')
    .description("replace a robot's secret by a new one, and print it this once")
    .action(
      run(async ({ openDatabase, output, config }, login: string) => {
        const db = await openDatabase()
        const { id, name } = await requireRobot(db, config.robotNamePrefix, login)
        const secret = makeRobotSecret()
        await createRobotRecords(db).setSecretHash(id, await hashPassword(secret))
        output.result({ id, name, secret }, `the new secret, which is not shown again:\n${secret}`)
      }),
    )

  const setDisabled = (isDisabled: boolean) =>
    run(async ({ openDatabase, output, config }, login: string) => {
      const db = await openDatabase()
      const found = await requireRobot(db, config.robotNamePrefix, login)
      await createRobotRecords(db).update(found.id, { ...found, isDisabled })
      output.result(
        { id: found.id, isDisabled },
        `robot ${login} is ${isDisabled ? 'disabled' : 'enabled'}`,
      )
    })
  robot
    .command('disable <login>')
    .description('let a robot no longer log in')
    .action(setDisabled(true))
  robot.command('enable <login>').description('let it log in again').action(setDisabled(false))

  robot
    .command('delete <login>')
    .description('delete a robot')
    .action(
      run(async ({ openDatabase, output, config }, login: string) => {
        const db = await openDatabase()
        const { id } = await requireRobot(db, config.robotNamePrefix, login)
        await createRobotRecords(db).remove(id)
        output.result({ id }, `robot ${login} is deleted`)
      }),
    )
}

/** `pull` and `push` as in tokens, else a permission in the words of the REST API. */
function readAccess(text: string): { resource: string; action: string }[] {
  const permissions = text === 'pull' || text === 'push' ? TOKEN_ACTION_PERMISSIONS[text] : [text]
  return permissions.map((permission) => {
    const [resource = '', action = ''] = permission.split(':')
    return { resource, action }
  })
}

function readDays(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text)
  throw new UsageError(`--days: expected a number of days, or -1, got ${text}`)
}

/** By its full name, or without the prefix: shells expand a `$`. @throws {NotFound} */
async function requireRobot(db: Database, prefix: string, login: string): Promise<RobotRecord> {
  const full = login.startsWith(prefix) ? login : `${prefix}${login}`
  const wanted = parseRobotName(prefix, full)
  const credentials =
    wanted && (await createRobotsRepository(db).findCredentials(wanted.projectName, wanted.name))
  const robot = credentials && (await createRobotRecords(db).find(credentials.id))
  if (robot !== undefined) return robot
  throw new NotFound(`there is no robot ${full}: chartgate robot list tells all`)
}

function formatRobots(robots: readonly ReturnType<typeof describeRobot>[]): string {
  return formatTable(
    ['ID', 'NAME', 'STATE', 'EXPIRES', 'PERMISSIONS'],
    robots.map(({ id, name, disable, expires_at, permissions }) => [
      id,
      name,
      disable ? 'disabled' : 'enabled',
      expires_at === -1 ? 'never' : new Date(expires_at * 1000).toISOString().slice(0, 10),
      permissions
        .flatMap(({ access }) => access.map((one) => `${one.resource}:${one.action}`))
        .join(' '),
    ]),
  )
}
