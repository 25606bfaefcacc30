import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { hashPassword } from '../auth/password.ts'
import type { RobotGrant } from '../auth/principal.ts'
import type { Database } from '../db/database.ts'
import { requireUser } from '../http/caller.ts'
import { BadRequest, NotFound } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, toPage } from '../http/pagination.ts'
import { readPathId } from '../http/path-id.ts'
import { parseQuery } from '../http/query-language.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { changed, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { checkSecret } from '../users/user-rules.ts'
import {
  describeChange,
  describeRobot,
  levelOf,
  type RobotModel,
  robotModel,
} from './describe-robot.ts'
import { createLegacyRobotsRoutes } from './legacy-routes.ts'
import { createRobot, type NewRobotModel, newRobotModel } from './new-robot.ts'
import {
  checkRobot,
  checkRobotName,
  type RobotBody,
  readDuration,
  robotBody,
  secretBody,
} from './robot-body.ts'
import { formatRobotName } from './robot-name.ts'
import { createRobotRecords, ROBOT_COLUMNS, type RobotRecord } from './robot-records.ts'
import { makeRobotSecret } from './robot-secret.ts'

const secretModel = z.object({ secret: z.string().optional() }).meta({ id: 'NewSecret' })

type Action = 'read' | 'list' | 'create' | 'update' | 'delete'

/** Robots (spec/harbor.md 3.6), of a project and of the whole system. */
export function createRobotsRoutes({
  db,
  authoriser,
  robotPrefix,
  defaultDays,
}: {
  db: Database
  authoriser: Authoriser
  robotPrefix: string
  /** For how many days a new robot is, where nothing is said: Harbor's `robot_token_duration`. */
  defaultDays: () => Promise<number>
}): Routes {
  const records = createRobotRecords(db)

  const create = async ({
    req,
    readBody,
  }: Call<object, RobotBody>): Promise<Reply<NewRobotModel>> => {
    requireUser(authoriser, req)
    const body = await readBody()
    checkRobotName(body.name)
    checkRobot(body)
    if (body.level === 'system') authoriser.requireSystemAdmin(req.principal)
    const grants = await readGrants(req, body, 'create')
    const settings = {
      name: body.name,
      projectId: body.level === 'system' ? null : (grants[0]?.projectId ?? null),
      description: body.description,
      duration: readDuration(body.duration, await defaultDays()),
      isDisabled: body.disable,
      grants,
    }
    return createRobot(records, robotPrefix, settings, '/api/v2.0/robots')
  }

  /** Every project that is named must be one in which the caller may make robots (CVE-2019-16919, CVE-2022-31667). */
  const readGrants = async (
    req: Request,
    { level, permissions }: RobotBody,
    action: 'create' | 'update',
  ): Promise<RobotGrant[]> => {
    const granted = permissions.map(async ({ kind, namespace, access }) => {
      const isEverywhere = kind === 'system' || (level === 'system' && namespace === '*')
      const project = isEverywhere
        ? undefined
        : await authoriser.requireProject(req.principal, `robot:${action}`, { name: namespace })
      return access.map(
        ({ resource, action }): RobotGrant => ({
          kind: kind === 'system' ? 'system' : 'project',
          projectId: project?.id ?? null,
          resource,
          action,
        }),
      )
    })
    return (await Promise.all(granted)).flat()
  }

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof listQuery>>): Promise<Reply<RobotModel[]>> => {
    const projectId = await requireListed(req, query.q)
    const page = toPage(query)
    const filter = createFilter()
    addQuery(filter, query.q, ROBOT_COLUMNS)
    const orderBy = compileOrder(query.sort, ROBOT_COLUMNS, 'r.id')
    const { total, robots } = await records.list(projectId, filter, orderBy, page)
    const described = robots.map((robot) => describeRobot(robotPrefix, robot))
    return listReply(req, page, total, described)
  }

  /** Whose robots `q` asks for: `Level=project,ProjectID=2`, else the system's. */
  const requireListed = async (req: Request, q: string | undefined): Promise<number | null> => {
    const query = parseQuery(q ?? '')
    const level = query.get('level')
    if (level === undefined || (level.kind === 'exact' && level.value === 'system')) {
      authoriser.requireSystem(req.principal, 'robot:list')
      return null
    }
    if (level.kind !== 'exact' || level.value !== 'project') {
      authoriser.requireSignedIn(req.principal)
      throw new BadRequest('bad request error level input')
    }
    const id = query.get('projectid')
    if (id?.kind !== 'exact' || !/^\d{1,9}$/.test(id.value)) {
      authoriser.requireSignedIn(req.principal)
      throw new BadRequest('must with project ID when to query project robots')
    }
    const wanted = { id: Number(id.value) }
    const project = await authoriser.requireProject(req.principal, 'robot:list', wanted)
    return project.id
  }

  /** The robot of the path, if the caller may do this to it. */
  const requireRobot = async (req: Request, action: Action): Promise<RobotRecord> => {
    // robots do not manage robots: one that may would be all that the others are
    if (action !== 'read') requireUser(authoriser, req)
    const id = readPathId(req, 'id')
    const robot = await records.find(id)
    if (robot === undefined || robot.projectId === null) {
      if (action === 'read') authoriser.requireSystem(req.principal, 'robot:read')
      else authoriser.requireSystemAdmin(req.principal)
    } else {
      const project = { id: robot.projectId }
      await authoriser.requireProject(req.principal, `robot:${action}`, project)
    }
    if (robot === undefined) throw notFound(id)
    return robot
  }

  const read = async (req: Request): Promise<Reply<RobotModel>> => ({
    body: describeRobot(robotPrefix, await requireRobot(req, 'read')),
  })

  const update = async ({ req, readBody }: Call<object, RobotBody>): Promise<Reply> => {
    const robot = await requireRobot(req, 'update')
    const body = await readBody()
    checkRobot(body)
    if (body.level !== levelOf(robot) || body.name !== formatRobotName(robotPrefix, robot)) {
      throw new BadRequest('cannot update the level or name of robot')
    }
    const grants = await readGrants(req, body, 'update')
    const isElsewhere = grants.some(({ projectId }) => projectId !== robot.projectId)
    if (robot.projectId !== null && isElsewhere) {
      throw new BadRequest('cannot update the project of robot')
    }
    const { description, disable, duration } = body
    const isChanged = await records.update(robot.id, {
      description,
      isDisabled: disable,
      // unlike at its making, left out means left alone
      duration: readDuration(duration, robot.duration),
      grants,
    })
    if (!isChanged) throw notFound(robot.id)
    return changed(describeChange(robotPrefix, robot, 'update', disable))
  }

  const refreshSecret = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof secretBody>>): Promise<Reply<z.output<typeof secretModel>>> => {
    const robot = await requireRobot(req, 'update')
    const { secret: given } = await readBody()
    if (given !== '') checkSecret(given)
    const secret = given === '' ? makeRobotSecret() : given
    if (!(await records.setSecretHash(robot.id, await hashPassword(secret)))) {
      throw notFound(robot.id)
    }
    const audit = { ...describeChange(robotPrefix, robot, 'update'), detail: 'new secret' }
    return { audit, body: given === '' ? { secret } : {} }
  }

  const remove = async (req: Request): Promise<Reply> => {
    const robot = await requireRobot(req, 'delete')
    if (!(await records.remove(robot.id))) throw notFound(robot.id)
    return changed(describeChange(robotPrefix, robot, 'delete'))
  }

  return {
    ...createLegacyRobotsRoutes({ records, authoriser, robotPrefix, defaultDays }),
    '/robots': {
      GET: operation({
        summary: 'List the robots of the system, or of a project: q=Level=project,ProjectID=2',
        query: listQuery,
        answer: z.array(robotModel),
        handle: list,
      }),
      POST: operation({
        summary: 'Create a robot; its secret is told this once',
        body: robotBody,
        status: 201,
        answer: newRobotModel,
        handle: create,
      }),
    },
    '/robots/:id': {
      GET: operation({
        summary: 'Tell of a robot',
        answer: robotModel,
        handle: ({ req }) => read(req),
      }),
      PUT: operation({ summary: 'Change a robot', body: robotBody, handle: update }),
      PATCH: operation({
        summary: "Replace a robot's secret: by the given one, or by one that is made",
        body: secretBody,
        answer: secretModel,
        handle: refreshSecret,
      }),
      DELETE: operation({ summary: 'Delete a robot', handle: ({ req }) => remove(req) }),
    },
  }
}

function notFound(id: number): NotFound {
  return new NotFound(`robot ${id} not found`)
}
