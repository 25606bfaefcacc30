import type { Command } from 'commander'
import { ROLE, type RoleId } from '../access/permissions.ts'
import type { Database } from '../db/database.ts'
import { NotFound } from '../http/errors.ts'
import { createFilter } from '../http/query-language-sql.ts'
import { createMemberRecords } from '../members/member-records.ts'
import { createProjectRecords, type ProjectRecord } from '../projects/project-records.ts'
import { createProjectRemoval } from '../projects/project-removal.ts'
import { checkProjectName, readMetadata } from '../projects/project-rules.ts'
import { createProjectsRepository, type ProjectAccess } from '../projects/repository.ts'
import { defaultQuota } from '../quotas/choose-quota.ts'
import { createSettingsRecords } from '../settings/settings-records.ts'
import { EVERYTHING } from './everything.ts'
import { UsageError } from './exit-code.ts'
import { formatTable } from './output.ts'
import type { Run } from './program.ts'
import { reachStore } from './reach-store.ts'
import { requireUser } from './user.ts'

interface NewProjectOptions {
  public?: true
  owner: string
}

export function addProjectCommands(program: Command, run: Run): void {
  const project = program.command('project').description('projects, a chart repository each')

  project
    .command('create <name>')
    .description('create a project')
    .option('--public', 'everybody may read its charts')
    .option('--owner <user>', 'its first project admin', 'admin')
    .action(
      run(async ({ openDatabase, output }, name: string, options: NewProjectOptions) => {
        checkProjectName(name)
        const metadata = readMetadata({ public: String(options.public ?? false) })
        const db = await openDatabase()
        const ownerId = await requireUser(db, options.owner)
        const quota = defaultQuota(await createSettingsRecords(db).read())
        const { id } = await createProjectRecords(db).insert({ name, ownerId, metadata, quota })
        output.result({ id, name }, `project ${name} is created`)
      }),
    )

  project
    .command('list')
    .description('list the projects')
    .action(
      run(async ({ openDatabase, output }) => {
        const records = createProjectRecords(await openDatabase())
        const { projects } = await records.list(
          { kind: 'all' },
          createFilter(),
          'p.name, p.id',
          EVERYTHING,
        )
        output.result(projects.map(describeProject), formatProjects(projects))
      }),
    )

  project
    .command('delete <name>')
    .description('delete a project that holds nothing')
    .action(
      run(async (context, name: string) => {
        const db = await context.openDatabase()
        const found = await requireProject(db, name)
        const removal = createProjectRemoval({
          records: createProjectRecords(db),
          store: (await reachStore(context)).store,
          changes: await context.openChangeFeed(),
        })
        await removal.remove(found)
        context.output.result({ id: found.id, name }, `project ${name} is deleted`)
      }),
    )

  const member = project.command('member').description('who may do what in a project')

  member
    .command('add <project> <user>')
    .description('make a user a member of a project')
    .option('--role <role>', Object.keys(ROLE).join(', '), 'developer')
    .action(
      run(
        async ({ openDatabase, output }, name: string, username: string, options: RoleOptions) => {
          const roleId = readRole(options.role)
          const db = await openDatabase()
          const { id: projectId } = await requireProject(db, name)
          const userId = await requireUser(db, username)
          const { id } = await createMemberRecords(db).insert(
            projectId,
            { kind: 'user', id: userId },
            roleId,
          )
          output.result({ id, projectId, userId, roleId }, `${username} is ${options.role} now`)
        },
      ),
    )

  member
    .command('remove <project> <user>')
    .description('end the membership of a user')
    .action(
      run(async ({ openDatabase, output }, name: string, username: string) => {
        const db = await openDatabase()
        const { id: projectId } = await requireProject(db, name)
        const records = createMemberRecords(db)
        const { members } = await records.list(projectId, username, EVERYTHING)
        const found = members.find(({ entity }) => entity.kind === 'user')
        if (found === undefined) throw new NotFound(`${username} is no member of ${name}`)
        await records.remove(projectId, found.id)
        output.result({ id: found.id, projectId }, `${username} is no member of ${name} any more`)
      }),
    )
}

interface RoleOptions {
  role: string
}

/** @throws {NotFound} */
export async function requireProject(db: Database, name: string): Promise<ProjectAccess> {
  const project = await createProjectsRepository(db).findAccessByName(name)
  if (project !== undefined) return project
  throw new NotFound(`there is no project ${name}: chartgate project list tells all`)
}

function readRole(name: string): RoleId {
  const found = Object.entries(ROLE).find(([role]) => role === name)
  if (found !== undefined) return found[1]
  throw new UsageError(`there is no role ${name}: use one of ${Object.keys(ROLE).join(', ')}`)
}

function describeProject({ id, name, ownerName, metadata, createdAt }: ProjectRecord) {
  return { id, name, owner: ownerName, isPublic: metadata.public === 'true', createdAt }
}

function formatProjects(projects: readonly ProjectRecord[]): string {
  return formatTable(
    ['ID', 'NAME', 'OWNER', 'PUBLIC'],
    projects
      .map(describeProject)
      .map(({ id, name, owner, isPublic }) => [id, name, owner, isPublic ? 'yes' : '']),
  )
}
