import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { operation } from '../http/operation.ts'
import { readPathId } from '../http/path-id.ts'
import type { Routes } from '../http/rest-router.ts'
import { fillLabel, type LabelModel } from '../labels/describe-label.ts'
import { type Translation, toOldOperation } from './old-operation.ts'
import { toLogQuery, toNewProject, toSystemAdminFlag } from './old-requests.ts'
import {
  each,
  one,
  toOldDeletable,
  toOldLog,
  toOldProject,
  toOldSearch,
  toOldUser,
} from './old-shapes.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const

/** Paths that Harbor 1.7 had under another name than Harbor 2. */
const RENAMED: Readonly<Record<string, string>> = { '/logs': '/audit-logs' }

/**
 * The paths under `/api` that Harbor 1.7 had (spec/harbor.md 3.10), as far as they coincide with Harbor 2's, so that scripts
 * written for it go on. Each is the operation of Harbor 2 behind a translation; what is not among `routes` is left out.
 */
export function createOldRoutes(routes: Routes, authoriser: Authoriser): Routes {
  const old: Record<string, Routes[string]> = { '/ping': { GET: ping } }
  for (const [path, translations] of Object.entries(listAliases(authoriser))) {
    const operations = routes[RENAMED[path] ?? path]
    if (operations !== undefined) old[path] = translate(operations, translations)
  }
  return old
}

function translate(operations: Routes[string], translations: Translations[string]): Routes[string] {
  const known = METHODS.flatMap((method) => {
    const operation = operations[method]
    const translation = translations[method]
    if (operation === undefined || translation === undefined) return []
    return [[method, toOldOperation(operation, translation)] as const]
  })
  return Object.fromEntries(known)
}

/** Harbor 2 writes it as text. */
const ping = operation({
  summary: 'Answer, if nothing else',
  answer: z.string(),
  handle: () => ({ headers: { 'Content-Type': 'application/json' }, body: '"Pong"' }),
})

type Translations = Readonly<Record<string, Partial<Record<(typeof METHODS)[number], Translation>>>>

const SAME: Translation = {}

function listAliases(authoriser: Authoriser): Translations {
  /** Harbor 2 knows this list by the name of its project alone. */
  const nameProject = async (req: Request): Promise<void> => {
    const wanted = { id: readPathId(req, 'project') }
    const { name } = await authoriser.requireProject(req.principal, 'log:list', wanted)
    req.params.project = name
  }

  return {
    '/projects': {
      GET: { answer: each(toOldProject) },
      HEAD: SAME,
      POST: {
        body: toNewProject,
        refusal: ({ status, message }) => {
          if (status === 409) return ''
          return status === 400 ? `invalid request: ${message}` : message
        },
      },
    },
    '/projects/:project': {
      GET: { answer: one(toOldProject) },
      PUT: SAME,
      DELETE: { refusal: ({ message }) => message.replace('precondition failed: ', '') },
    },
    '/projects/:project/_deletable': { GET: { answer: one(toOldDeletable) } },
    '/projects/:project/logs': {
      GET: { prepare: nameProject, query: toLogQuery, answer: each(toOldLog) },
    },
    '/projects/:project/metadatas': { GET: SAME, POST: SAME },
    '/projects/:project/metadatas/:metadata': { GET: SAME, PUT: SAME, DELETE: SAME },
    '/projects/:project/members': {
      GET: { isWhole: true, query: withoutEntityName, answer: filterMembers },
      POST: SAME,
    },
    '/projects/:project/members/:mid': { GET: SAME, PUT: SAME, DELETE: SAME },
    '/users': {
      GET: {
        answer: each(toOldUser),
        refusal: ({ status, message }) =>
          status === 403 ? 'User does not have admin role' : message,
      },
      POST: {
        refusal: ({ status, message }) => (status === 400 ? `register error:${message}` : message),
      },
    },
    '/users/current': { GET: { answer: one(toOldUser) } },
    '/users/:id': { GET: { answer: one(toOldUser) }, PUT: SAME, DELETE: SAME },
    '/users/:id/password': { PUT: SAME },
    '/users/:id/sysadmin': { PUT: { body: toSystemAdminFlag } },
    '/labels': { GET: { answer: each(fill) }, POST: SAME },
    '/labels/:id': { GET: { answer: one(fill) }, PUT: SAME, DELETE: SAME },
    '/logs': { GET: { query: toLogQuery, answer: each(toOldLog) } },
    '/search': { GET: { answer: one(toOldSearch) } },
    '/statistics': { GET: SAME },
    '/systeminfo': { GET: SAME },
  }
}

function fill(label: unknown): unknown {
  return fillLabel(label as LabelModel)
}

/** Harbor 1.7 looked for a part of the name, Harbor 2 looks for the whole. */
function withoutEntityName({ entityname: _part, ...query }: Request['query']): Request['query'] {
  return query
}

function filterMembers(members: unknown, { query }: Request): unknown {
  const part = typeof query.entityname === 'string' ? query.entityname : ''
  return (members as { entity_name: string }[]).filter((one) => one.entity_name.includes(part))
}
