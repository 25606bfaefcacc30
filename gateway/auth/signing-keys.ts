import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
} from 'node:crypto'
import { promisify } from '../../service/promisify.ts'
import { createLiveCache } from '../cache/live-cache.ts'
import type { ChangeFeed } from '../db/change.ts'
import type { Database, Queryable } from '../db/database.ts'

export interface SigningKey {
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
}

/** The keys that tokens are signed and verified with, shared by all gateways through the database. */
export interface SigningKeys {
  /** The newest first; there is always one. */
  list: () => Promise<readonly [SigningKey, ...SigningKey[]]>
  find: (kid: string) => Promise<SigningKey | undefined>
}

interface SigningKeyRow {
  kid: string
  private_key: string
}

const TTL_MS = 10 * 60_000

export function createSigningKeys(db: Database, changes: ChangeFeed): SigningKeys {
  const cache = createLiveCache<readonly [SigningKey, ...SigningKey[]]>({
    changes,
    max: 1,
    ttlMs: TTL_MS,
    isStale: (change) => change.topic === 'signing_keys' || change.topic === 'everything',
  })
  const list = () => cache.get('keys', () => loadSigningKeys(db))
  return {
    list,
    find: async (kid) => (await list()).find((key) => key.kid === kid),
  }
}

/** Rotates: from now on the new key signs, and the old ones still verify. */
export async function addSigningKey(db: Queryable): Promise<SigningKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const key = toSigningKey(privateKey)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  await db.query('insert into signing_keys (kid, private_key) values ($1, $2)', [key.kid, pem])
  return key
}

async function loadSigningKeys(db: Database): Promise<readonly [SigningKey, ...SigningKey[]]> {
  const [newest, ...older] = await selectSigningKeys(db)
  if (newest !== undefined) return [newest, ...older]
  return db.inTransaction(async (transaction) => {
    // Gateways that start together on an empty table wait here for the one that makes the key.
    await transaction.query('lock table signing_keys in share row exclusive mode')
    const [made, ...others] = await selectSigningKeys(transaction)
    return made === undefined ? [await addSigningKey(transaction)] : [made, ...others]
  })
}

async function selectSigningKeys(db: Queryable): Promise<SigningKey[]> {
  const { rows } = await db.query<SigningKeyRow>(
    'select kid, private_key from signing_keys order by created_at desc, kid',
  )
  return rows.map((row) => toSigningKey(createPrivateKey(row.private_key), row.kid))
}

function toSigningKey(privateKey: KeyObject, kid?: string): SigningKey {
  const publicKey = createPublicKey(privateKey)
  return { kid: kid ?? thumbprint(publicKey), privateKey, publicKey }
}

function thumbprint(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
}
