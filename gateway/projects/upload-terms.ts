import { createLiveCache } from '../cache/live-cache.ts'
import type { ChangeFeed } from '../db/change.ts'
import type { Queryable } from '../db/database.ts'
import { NotFound } from '../http/errors.ts'
import type { LiveSettings } from '../settings/settings.ts'

/** What the chart store is to hold an upload to, in the headers of chartstore/upload/upload-terms.ts. */
export type UploadTerms = Readonly<Record<string, string>>

/** @throws {NotFound} where the project has gone. */
export type ReadUploadTerms = (projectId: number) => Promise<UploadTerms>

interface Limits {
  maxBytes: number
  maxVersions: number
  maxUploadSize: string | null
  isImmutable: boolean
}

/** Long enough to spare the database, and a bound on staleness should a notification ever be lost. */
const TTL_MS = 60_000

/** Reads the terms of a project's uploads: its quota, while there are quotas at all, and its settings. */
export function createUploadTerms({
  db,
  changes,
  settings,
}: {
  db: Queryable
  changes: ChangeFeed
  settings: Pick<LiveSettings, 'read'>
}): ReadUploadTerms {
  const cache = createLiveCache<Limits>({
    changes,
    max: 10_000,
    ttlMs: TTL_MS,
    isStale: (change, key) =>
      change.topic === 'everything' || (change.topic === 'projects' && key === String(change.id)),
  })

  return async (projectId) => {
    const limits = await cache.get(String(projectId), () => findLimits(db, projectId))
    const { quota_per_project_enable: hasQuota } = await settings.read()
    const { maxBytes, maxVersions, maxUploadSize, isImmutable } = limits
    return {
      ...(hasQuota ? limitHeader('x-project-max-bytes', maxBytes) : {}),
      ...(hasQuota ? limitHeader('x-project-max-versions', maxVersions) : {}),
      ...limitHeader('x-project-max-upload-bytes', Number(maxUploadSize ?? -1)),
      ...(isImmutable ? { 'x-project-immutable': 'true' } : {}),
    }
  }
}

function limitHeader(name: string, limit: number): UploadTerms {
  return limit === -1 ? {} : { [name]: String(limit) }
}

async function findLimits(db: Queryable, projectId: number): Promise<Limits> {
  const found = await db.query<Limits>({
    name: 'project_upload_limits',
    text: `
      select p.max_bytes::double precision as "maxBytes", p.max_versions as "maxVersions",
        s.value as "maxUploadSize", coalesce(i.value = 'true', false) as "isImmutable"
      from projects p
      left join project_metadata s on s.project_id = p.id and s.name = 'max_upload_size'
      left join project_metadata i on i.project_id = p.id and i.name = 'immutable'
      where p.id = $1::bigint and p.deleted_at is null`,
    values: [projectId],
  })
  const [limits] = found.rows
  if (limits === undefined) throw new NotFound(`project ${projectId} not found`)
  return limits
}
