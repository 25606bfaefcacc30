import { BadRequest } from '../http/errors.ts'
import type { RawQuery } from './old-operation.ts'

/** `"public": 1`, which scripts kept from Harbor 1.2 on. */
export function toNewProject(body: unknown): unknown {
  if (!isObject(body) || typeof body.public !== 'number') return body
  return { ...body, public: body.public === 1 }
}

export function toSystemAdminFlag(body: unknown): unknown {
  if (!isObject(body)) return body
  const flag = body.has_admin_role
  return { sysadmin_flag: typeof flag === 'number' ? flag === 1 : flag }
}

/** Filters of logs in the words of `q`: names in part, operations exactly, times in seconds. */
export function toLogQuery(query: RawQuery): RawQuery {
  const { username, repository, tag, operation, begin_timestamp, end_timestamp, ...others } = query
  const resource = [textOf(repository), textOf(tag)]
  const operations = [operation].flat().map(textOf).filter(Boolean)
  const times = [toTime('begin_timestamp', begin_timestamp), toTime('end_timestamp', end_timestamp)]
  const conditions = [
    ...(textOf(username) === '' ? [] : [`username=~${textOf(username)}`]),
    ...(resource.join('') === '' ? [] : [`resource=~${formatResource(resource)}`]),
    ...(operations.length === 0 ? [] : [`operation={${operations.join(' ')}}`]),
    ...(times.join('') === '' ? [] : [`op_time=[${times.join('~')}]`]),
  ]
  return { ...others, q: conditions.join(',') }
}

/** `project/chart:version`, as the log has it. */
function formatResource([repository = '', tag = '']: string[]): string {
  return tag === '' ? repository : `${repository}:${tag}`
}

/** @throws {BadRequest} for a comma: `q` has it between its conditions, and no name has one. */
function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : ''
  if (text.includes(',')) throw new BadRequest(`invalid filter: ${text}`)
  return text
}

function toTime(name: string, value: unknown): string {
  const text = textOf(value)
  if (text === '') return ''
  if (!/^\d{1,11}$/.test(text)) throw new BadRequest(`invalid ${name}: ${text}`)
  return new Date(Number(text) * 1000).toISOString()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
