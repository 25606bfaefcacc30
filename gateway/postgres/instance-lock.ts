import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'

/** Any number, so long as nothing else in this database locks it: the letters "chgi". */
const INSTANCE_LOCK = 0x63686769

/** A killed owner's connection closes at once, but the server takes a moment to see it. */
const OWNER_GONE_MS = 2_000

/** Who holds it: a gateway for as long as it runs, a command only until it is done. */
export type OwnerKind = 'gateway' | 'command'

export interface InstanceOwner {
  kind: OwnerKind
  /** For people: `process 4711`. */
  name: string
}

/** The right to be the one Chartgate on this DATA_DIR, held by a connection and lost with it. */
export interface InstanceLock {
  /** Resolves when the connection ends, for whatever reason. */
  lost: Promise<void>
  client: Client
  release: () => Promise<void>
}

/** What the connection is called that takes the lock for this process. */
export function lockConnectionName(kind: OwnerKind): string {
  return `${PREFIXES[kind]}${process.pid}`
}

/**
 * @param client has just been connected to the maintenance database, by that name, and is the lock's from now on.
 * @returns the lock, or who has it.
 */
export async function takeInstanceLock(
  client: Client,
): Promise<InstanceLock | { owner: InstanceOwner | undefined }> {
  const lost = new Promise<void>((resolve) => {
    client.once('end', resolve)
    client.once('error', () => resolve())
  })
  const deadline = Date.now() + OWNER_GONE_MS
  for (;;) {
    const taken = await client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock($1::bigint) as taken',
      [INSTANCE_LOCK],
    )
    if (taken.rows[0]?.taken) return { lost, client, release: () => client.end() }
    if (Date.now() > deadline) break
    await delay(50)
  }
  const owner = await findInstanceOwner(client)
  await client.end()
  return { owner }
}

const PREFIXES = { gateway: 'chartgate-', command: 'chartgate-command-' } as const

/** Who has the lock. @param client connected to the maintenance database. */
export async function findInstanceOwner(client: Client): Promise<InstanceOwner | undefined> {
  const found = await client.query<{ name: string }>(
    `select a.application_name as name
     from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.classid = 0 and l.objid = $1::bigint::oid
       and l.database = (select oid from pg_database where datname = current_database())`,
    [INSTANCE_LOCK],
  )
  const [owner] = found.rows
  if (owner === undefined) return undefined
  const kind = owner.name.startsWith(PREFIXES.command) ? 'command' : 'gateway'
  return { kind, name: owner.name.replace(PREFIXES[kind], 'process ') }
}
