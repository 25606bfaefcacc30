import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { requireUser } from '../http/caller.ts'
import { NotFound } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, toPage } from '../http/pagination.ts'
import { readPathId, readPathProject, readPathText } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { changed, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { describeChange, describeRobot, type RobotModel, robotModel } from './describe-robot.ts'
import {
  legacyRobotBody,
  legacyRobotChange,
  readLegacyAccess,
  readLegacyExpiry,
} from './legacy-robot-body.ts'
import { createRobot, type NewRobotModel, newRobotModel } from './new-robot.ts'
import { checkRobotName } from './robot-body.ts'
import { ROBOT_COLUMNS, type RobotRecord, type RobotRecords } from './robot-records.ts'

/** The robots of a project, as Harbor had them first (spec/harbor.md 3.6: robotv1). */
export function createLegacyRobotsRoutes({
  records,
  authoriser,
  robotPrefix,
  defaultDays,
}: {
  records: RobotRecords
  authoriser: Authoriser
  robotPrefix: string
  defaultDays: () => Promise<number>
}): Routes {
  const requireProject = async (
    req: Request,
    action: 'read' | 'list' | 'create' | 'update' | 'delete',
  ): Promise<ProjectAccess> => {
    // robots do not manage robots
    if (action !== 'read' && action !== 'list') requireUser(authoriser, req)
    return authoriser.requireProject(req.principal, `robot:${action}`, readPathProject(req))
  }

  const findRobot = async (req: Request, project: ProjectAccess): Promise<RobotRecord> => {
    const id = readPathId(req, 'id')
    const robot = await records.find(id)
    if (robot?.projectId === project.id) return robot
    throw new NotFound(`cannot find robot with project id: ${project.id} and id: ${id}`)
  }

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof listQuery>>): Promise<Reply<RobotModel[]>> => {
    const project = await requireProject(req, 'list')
    const page = toPage(query)
    const filter = createFilter()
    addQuery(filter, query.q, ROBOT_COLUMNS)
    const orderBy = compileOrder(query.sort, ROBOT_COLUMNS, 'r.id')
    const { total, robots } = await records.list(project.id, filter, orderBy, page)
    const described = robots.map((robot) => describeRobot(robotPrefix, robot))
    return listReply(req, page, total, described)
  }

  const create = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof legacyRobotBody>>): Promise<Reply<NewRobotModel>> => {
    const project = await requireProject(req, 'create')
    const { name, description, access, expires_at } = await readBody()
    checkRobotName(name)
    const grants = readLegacyAccess(access, project).map(
      (one) => ({ kind: 'project', projectId: project.id, ...one }) as const,
    )
    const { duration, expiresAt } = readLegacyExpiry(expires_at, await defaultDays())
    const settings = { description, duration, expiresAt, isDisabled: false, grants }
    const given = encodeURIComponent(readPathText(req, 'project'))
    const location = `/api/v2.0/projects/${given}/robots`
    return createRobot(records, robotPrefix, { ...settings, name, projectId: project.id }, location)
  }

  const read = async (req: Request): Promise<Reply<RobotModel>> => {
    const robot = await findRobot(req, await requireProject(req, 'read'))
    return { body: describeRobot(robotPrefix, robot) }
  }

  const update = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof legacyRobotChange>>): Promise<Reply> => {
    const robot = await findRobot(req, await requireProject(req, 'update'))
    const { description, disable } = await readBody()
    const isDisabled = disable ?? false
    await records.update(robot.id, { ...robot, description, isDisabled })
    return changed(describeChange(robotPrefix, robot, 'update', isDisabled))
  }

  const remove = async (req: Request): Promise<Reply> => {
    const robot = await findRobot(req, await requireProject(req, 'delete'))
    await records.remove(robot.id)
    return changed(describeChange(robotPrefix, robot, 'delete'))
  }

  return {
    '/projects/:project/robots': {
      GET: operation({
        summary: 'List the robots of a project',
        query: listQuery,
        answer: z.array(robotModel),
        handle: list,
      }),
      POST: operation({
        summary: 'Create a robot of a project; its secret is told this once',
        body: legacyRobotBody,
        status: 201,
        answer: newRobotModel,
        handle: create,
      }),
    },
    '/projects/:project/robots/:id': {
      GET: operation({
        summary: 'Tell of a robot of a project',
        answer: robotModel,
        handle: ({ req }) => read(req),
      }),
      PUT: operation({
        summary: 'Describe, disable or enable a robot of a project',
        body: legacyRobotChange,
        handle: update,
      }),
      DELETE: operation({
        summary: 'Delete a robot of a project',
        handle: ({ req }) => remove(req),
      }),
    },
  }
}
