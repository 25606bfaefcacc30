import pLimit from 'p-limit'
import { z } from 'zod'
import type { Logger } from '../../service/log.ts'
import type { Authoriser } from '../access/authorise.ts'
import type { ChartStore } from '../charts/chart-store.ts'
import { readProjects } from '../charts/read-projects.ts'
import type { Database } from '../db/database.ts'
import { type Call, operation } from '../http/operation.ts'
import { createFilter } from '../http/query-language-sql.ts'
import { queryText } from '../http/query-parameters.ts'
import type { Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { describeProject, type ProjectModel, projectModel } from '../projects/describe-project.ts'
import { createProjectRecords, PROJECT_COLUMNS } from '../projects/project-records.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { chooseBest, type FoundChart, searchCharts } from './search-charts.ts'
import { createSearchableCharts } from './searchable-charts.ts'

const searchQuery = z.object({ q: queryText })

const searchModel = z
  .object({
    project: z.array(projectModel),
    /** Images: there are none. */
    repository: z.array(z.object({})),
    chart: z.array(
      z.object({
        Name: z.string(),
        Score: z.int(),
        Chart: z.looseObject({ name: z.string(), version: z.string() }),
      }),
    ),
  })
  .meta({ id: 'SearchResult' })

type SearchModel = z.output<typeof searchModel>

/** Projects whose charts one search reads: those that it has found by name, then the others by name. */
const MAX_READ = 1000
/** Of all searches together, at once. */
const PARALLEL = 10
/** Of each kind, in one answer. */
const MAX_FOUND = 100

/** Search (spec/harbor.md 1.9) over what the caller may read, and nothing else (CVE-2019-3990). */
export function createSearchRoutes({
  db,
  authoriser,
  store,
  log,
}: {
  db: Database
  authoriser: Authoriser
  store: ChartStore
  log: Logger
}): Routes {
  const records = createProjectRecords(db)
  const readSearchable = createSearchableCharts(store)
  const limit = pLimit(PARALLEL)

  const search = async ({
    req,
    query,
  }: Call<z.output<typeof searchQuery>>): Promise<Reply<SearchModel>> => {
    const { principal } = req
    // a token is for charts, and tells nothing of projects
    if (principal.tokenGrants !== undefined) authoriser.requireSignedIn(principal)
    const text = (query.q ?? '').toLowerCase()
    if (text === '') return { body: { project: [], repository: [], chart: [] } }
    const readable = await authoriser.listReadable(principal)
    const named = readable.filter(({ name }) => name.includes(text)).slice(0, MAX_FOUND)
    const { found, counts } = await readCharts(
      [...new Set([...named, ...readable])].slice(0, MAX_READ),
      text,
    )
    return {
      body: { project: await describe(named, counts), repository: [], chart: found },
    }
  }

  /** @returns the best of all, and how many charts each project has. */
  const readCharts = async (projects: readonly ProjectAccess[], text: string) => {
    const counts = new Map<number, number>()
    let found: FoundChart[] = []
    const read = async (project: ProjectAccess) => {
      const { charts, count } = await readSearchable(project, text, MAX_FOUND)
      counts.set(project.id, count)
      found = chooseBest([...found, ...searchCharts(charts, text)], MAX_FOUND)
    }
    await readProjects(projects, read, { limit, log, purpose: 'a search' })
    return { found, counts }
  }

  const describe = async (
    projects: readonly ProjectAccess[],
    counts: ReadonlyMap<number, number>,
  ): Promise<ProjectModel[]> => {
    if (projects.length === 0) return []
    const filter = createFilter()
    const ids = projects.map(({ id }) => String(id))
    filter.add(PROJECT_COLUMNS.projectid, { kind: 'union', values: ids })
    const all = { number: 1, size: null, limit: null, offset: 0 }
    const found = await records.list({ kind: 'all' }, filter, 'p.name, p.id', all)
    return found.projects.map((project) =>
      describeProject(project, [], counts.get(project.id) ?? 0),
    )
  }

  return {
    '/search': {
      GET: operation({
        summary: 'Find projects and charts that the caller may read',
        query: searchQuery,
        answer: searchModel,
        handle: search,
      }),
    },
  }
}
