import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import type { ProjectPermission } from '../access/permissions.ts'
import type { Database } from '../db/database.ts'
import { BadRequest, NotFound } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { readPathProject, readPathText } from '../http/path-id.ts'
import { DONE, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { createMetadataRecords } from './metadata-records.ts'
import { checkMetadata } from './project-rules.ts'

const metadataModel = z.record(z.string(), z.string())
const pairBody = z.record(z.string(), z.unknown()).meta({ id: 'ProjectMetadataPair' })

/** The metadata of a project, one by one (spec/harbor.md 3.3). */
export function createMetadataRoutes({
  db,
  authoriser,
}: {
  db: Database
  authoriser: Authoriser
}): Routes {
  const records = createMetadataRecords(db)

  const requireProject = (req: Request, permission: ProjectPermission) =>
    authoriser.requireProject(req.principal, permission, readPathProject(req))

  const list = async (req: Request): Promise<Reply<Record<string, string>>> => {
    const { id } = await requireProject(req, 'metadata:list')
    return { body: await records.list(id) }
  }

  const add = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof pairBody>>): Promise<Reply> => {
    const { id } = await requireProject(req, 'metadata:create')
    const [pair, ...more] = Object.entries(await readBody())
    if (pair === undefined || more.length > 0) {
      throw new BadRequest('only allow one key/value pair')
    }
    const [name, value] = pair
    await records.insert(id, name, checkMetadata(name, value))
    return DONE
  }

  const read = async (req: Request): Promise<Reply<Record<string, string>>> => {
    const { id } = await requireProject(req, 'metadata:read')
    const name = readPathText(req, 'metadata')
    const value = await records.find(id, name)
    if (value === undefined) throw notFound(name)
    return { body: { [name]: value } }
  }

  const set = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof pairBody>>): Promise<Reply> => {
    const { id } = await requireProject(req, 'metadata:update')
    const name = readPathText(req, 'metadata')
    const body = await readBody()
    const value = Object.hasOwn(body, name) ? body[name] : undefined
    await records.set(id, name, checkMetadata(name, value))
    return DONE
  }

  const remove = async (req: Request): Promise<Reply> => {
    const { id } = await requireProject(req, 'metadata:delete')
    const name = readPathText(req, 'metadata')
    if (!(await records.remove(id, name))) throw notFound(name)
    return DONE
  }

  return {
    '/projects/:project/metadatas': {
      GET: operation({
        summary: 'All metadata of a project',
        answer: metadataModel,
        handle: ({ req }) => list(req),
      }),
      POST: operation({ summary: 'Add one metadata to a project', body: pairBody, handle: add }),
    },
    '/projects/:project/metadatas/:metadata': {
      GET: operation({
        summary: 'One metadata of a project',
        answer: metadataModel,
        handle: ({ req }) => read(req),
      }),
      PUT: operation({ summary: 'Set one metadata of a project', body: pairBody, handle: set }),
      DELETE: operation({
        summary: 'Take one metadata from a project',
        handle: ({ req }) => remove(req),
      }),
    },
  }
}

function notFound(name: string): NotFound {
  return new NotFound(`metadata ${name} of the project not found`)
}
