import type { Command } from 'commander'
import { hashPassword } from '../auth/password.ts'
import type { Database } from '../db/database.ts'
import { NotFound } from '../http/errors.ts'
import { createFilter } from '../http/query-language-sql.ts'
import { createUsersRepository } from '../users/repository.ts'
import { createUserRecords, type UserRecord } from '../users/user-records.ts'
import {
  ADMIN_ID,
  checkChangeable,
  checkProfile,
  checkSecret,
  readUsername,
} from '../users/user-rules.ts'
import { EVERYTHING } from './everything.ts'
import { formatTable } from './output.ts'
import { type PasswordOptions, passwordOptions, readNewPassword } from './password.ts'
import type { Run } from './program.ts'

interface NewUserOptions extends PasswordOptions {
  email: string
  realname?: string
  comment: string
  admin?: true
}

export function addUserCommands(program: Command, run: Run): void {
  const user = program.command('user').description('people, who log in with a password')

  const create = user
    .command('create <name>')
    .description('create a user')
    .requiredOption('--email <address>', 'logs in like the name')
    .option('--realname <name>', 'the name by default')
    .option('--comment <text>', 'up to 30 characters', '')
    .option('--admin', 'a system admin')
    .action(
      run(async (context, given: string, options: NewUserOptions) => {
        const { openDatabase, output } = context
        const username = readUsername(given)
        const { email, realname = username, comment, admin = false } = options
        const profile = { email, realname, comment }
        checkProfile(profile)
        const password = await readNewPassword(options, context)
        checkSecret(password)
        const db = await openDatabase()
        const passwordHash = await hashPassword(password)
        const id = await db.inTransaction(async (transaction) => {
          const records = createUserRecords(transaction)
          const made = await records.insert({ ...profile, username, passwordHash })
          if (admin) await records.setSystemAdmin(made.id, true)
          return made.id
        })
        output.result({ id, username }, `user ${username} is created`)
      }),
    )

  user
    .command('list')
    .description('list the users')
    .action(
      run(async ({ openDatabase, output }) => {
        const records = createUserRecords(await openDatabase())
        const { users } = await records.list(createFilter(), 'username, id', EVERYTHING)
        const admin = await records.find(ADMIN_ID)
        const all = [...(admin === undefined ? [] : [admin]), ...users]
        output.result(all.map(describeUser), formatUsers(all))
      }),
    )

  const password = user
    .command('password <name>')
    .description("set a user's password; what was issued under the old one ends")
    .action(
      run(async (context, username: string, options: PasswordOptions) => {
        const { openDatabase, output } = context
        const db = await openDatabase()
        const id = await requireUser(db, username)
        const chosen = await readNewPassword(options, context)
        checkSecret(chosen)
        await createUsersRepository(db).setPasswordHash(id, await hashPassword(chosen))
        output.result({ id, username }, `the password of ${username} is set`)
      }),
    )
  for (const option of passwordOptions()) {
    create.addOption(option)
    password.addOption(option)
  }

  const setSystemAdmin = (isSystemAdmin: boolean) =>
    run(async ({ openDatabase, output }, username: string) => {
      const db = await openDatabase()
      const id = await requireUser(db, username)
      checkChangeable(id, 'updated')
      await createUserRecords(db).setSystemAdmin(id, isSystemAdmin)
      const state = isSystemAdmin ? 'a system admin' : 'no system admin'
      output.result({ id, username, isSystemAdmin }, `${username} is ${state} now`)
    })
  user
    .command('promote <name>')
    .description('make a user a system admin')
    .action(setSystemAdmin(true))
  user
    .command('demote <name>')
    .description('make a system admin an ordinary user')
    .action(setSystemAdmin(false))

  user
    .command('delete <name>')
    .description('delete a user: memberships end, and the name becomes free')
    .action(
      run(async ({ openDatabase, output }, username: string) => {
        const db = await openDatabase()
        const id = await requireUser(db, username)
        checkChangeable(id, 'deleted')
        await createUserRecords(db).remove(id)
        output.result({ id, username }, `user ${username} is deleted`)
      }),
    )
}

/** @throws {NotFound} */
export async function requireUser(db: Database, username: string): Promise<number> {
  const id = await createUserRecords(db).findIdByName(username)
  if (id !== undefined) return id
  throw new NotFound(`there is no user ${username}: chartgate user list tells all`)
}

function describeUser({ id, username, email, realname, isSystemAdmin, createdAt }: UserRecord) {
  return { id, username, email, realname, isSystemAdmin, createdAt }
}

function formatUsers(users: readonly UserRecord[]): string {
  return formatTable(
    ['ID', 'NAME', 'EMAIL', 'ADMIN'],
    users.map(({ id, username, email, isSystemAdmin }) => [
      id,
      username,
      email,
      isSystemAdmin ? 'yes' : '',
    ]),
  )
}
