import type { Request, Router } from 'express'
import type { Authoriser } from '../access/authorise.ts'
import { hashPassword } from '../auth/password.ts'
import type { RobotGrant } from '../auth/principal.ts'
import type { ChangeFeed } from '../db/change.ts'
import type { Database } from '../db/database.ts'
import { requireUser } from '../http/caller.ts'
import { BadRequest, NotFound } from '../http/errors.ts'
import { readJsonBody } from '../http/json-body.ts'
import { listReply, readPage } from '../http/pagination.ts'
import { readPathId } from '../http/path-id.ts'
import { parseQuery } from '../http/query-language.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { readParameter } from '../http/query-parameters.ts'
import { created, createRestRouter, OK, type Reply } from '../http/reply.ts'
import { checkSecret } from '../users/user-rules.ts'
import { describeRobot, expiryOf, levelOf } from './describe-robot.ts'
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

type Action = 'read' | 'list' | 'create' | 'update' | 'delete'

/** Robots (spec/harbor.md 3.6), of a project and of the whole system. */
export function createRobotsRoutes({
  db,
  changes,
  authoriser,
  robotPrefix,
}: {
  db: Database
  changes: ChangeFeed
  authoriser: Authoriser
  robotPrefix: string
}): Router {
  const records = createRobotRecords(db)

  const create = async (req: Request): Promise<Reply> => {
    requireUser(authoriser, req)
    const body = await readJsonBody(req, robotBody)
    checkRobotName(body.name)
    checkRobot(body)
    if (body.level === 'system') authoriser.requireSystemAdmin(req.principal)
    const grants = await readGrants(req, body, 'create')
    const projectId = body.level === 'system' ? null : (grants[0]?.projectId ?? null)
    const secret = makeRobotSecret()
    const { id } = await records.insert({
      name: body.name,
      projectId,
      secretHash: await hashPassword(secret),
      description: body.description,
      duration: readDuration(body.duration),
      isDisabled: body.disable,
      grants,
    })
    const robot = await records.find(id)
    if (robot === undefined) throw notFound(id)
    return {
      ...created(`/api/v2.0/robots/${id}`),
      body: {
        id,
        name: formatRobotName(robotPrefix, robot),
        secret,
        creation_time: robot.createdAt.toISOString(),
        expires_at: expiryOf(robot),
      },
    }
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
        (one): RobotGrant => ({
          kind: kind === 'system' ? 'system' : 'project',
          projectId: project?.id ?? null,
          ...one,
        }),
      )
    })
    return (await Promise.all(granted)).flat()
  }

  const list = async (req: Request): Promise<Reply> => {
    const projectId = await requireListed(req)
    const page = readPage(req)
    const filter = createFilter()
    addQuery(filter, req, ROBOT_COLUMNS)
    const orderBy = compileOrder(req, ROBOT_COLUMNS, 'r.id')
    const { total, robots } = await records.list(projectId, filter, orderBy, page)
    const described = robots.map((robot) => describeRobot(robotPrefix, robot))
    return listReply(req, page, total, described)
  }

  /** Whose robots `q` asks for: `Level=project,ProjectID=2`, else the system's. */
  const requireListed = async (req: Request): Promise<number | null> => {
    const query = parseQuery(readParameter(req, 'q') ?? '')
    const level = query.get('level')
    if (level === undefined || (level.kind === 'exact' && level.value === 'system')) {
      authoriser.requireSystemAdmin(req.principal)
      return null
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
      authoriser.requireSystemAdmin(req.principal)
    } else {
      const project = { id: robot.projectId }
      await authoriser.requireProject(req.principal, `robot:${action}`, project)
    }
    if (robot === undefined) throw notFound(id)
    return robot
  }

  const read = async (req: Request): Promise<Reply> => ({
    status: 200,
    body: describeRobot(robotPrefix, await requireRobot(req, 'read')),
  })

  const update = async (req: Request): Promise<Reply> => {
    const robot = await requireRobot(req, 'update')
    const body = await readJsonBody(req, robotBody)
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
      duration: duration ? readDuration(duration) : robot.duration,
      grants,
    })
    if (!isChanged) throw notFound(robot.id)
    return OK
  }

  const refreshSecret = async (req: Request): Promise<Reply> => {
    const robot = await requireRobot(req, 'update')
    const { secret: given } = await readJsonBody(req, secretBody)
    if (given !== '') checkSecret(given)
    const secret = given === '' ? makeRobotSecret() : given
    if (!(await records.setSecretHash(robot.id, await hashPassword(secret)))) {
      throw notFound(robot.id)
    }
    return { status: 200, body: given === '' ? { secret } : {} }
  }

  const remove = async (req: Request): Promise<Reply> => {
    const robot = await requireRobot(req, 'delete')
    if (!(await records.remove(robot.id))) throw notFound(robot.id)
    return OK
  }

  return createRestRouter(changes, {
    '/robots': { GET: list, POST: create },
    '/robots/:id': { GET: read, PUT: update, PATCH: refreshSecret, DELETE: remove },
  })
}

function notFound(id: number): NotFound {
  return new NotFound(`robot ${id} not found`)
}
