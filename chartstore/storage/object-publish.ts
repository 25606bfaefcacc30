import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isProvenanceFileName } from '../chart/file-name.ts'
import { readWhole } from './object-body.ts'
import { type ObjectStore, PutFailure, toStoredFile } from './object-store.ts'
import { ATTEMPTS } from './patience.ts'
import { StorageError, type StoredFile } from './storage.ts'

/** One file to publish: from its spool to its key. */
export interface Upload {
  fileName: string
  spool: string
  key: string
}

export interface PublishOptions {
  overwrite: boolean
  /** Nobody else puts these files until it is aborted; without it the server refuses what is there. */
  claimed?: AbortSignal
}

/**
 * Puts all files in their places, or none. Object stores have no transaction over two objects: the provenance goes first and the
 * chart last, since the index goes by the chart. What a crash in between leaves is a provenance without its chart, never
 * a chart without its provenance.
 */
export async function publish(
  objects: ObjectStore,
  uploads: readonly Upload[],
  options: PublishOptions,
): Promise<StoredFile[]> {
  if (options.claimed !== undefined) await requireAbsent(objects, uploads)
  const done: Stored[] = []
  const undo: (() => Promise<void>)[] = []
  const last = uploads.length - 1
  for (const [index, upload] of [...uploads].sort(byRank).entries()) {
    const uploadId = randomUUID()
    const takeBack =
      index === last ? undefined : await planUndo(objects, upload, uploadId, options.overwrite)
    const outcome = await put(objects, upload, uploadId, options)
    if (outcome.kind !== 'stored') {
      // Where nobody can tell whether the chart is in place, its provenance stays.
      if (outcome.kind === 'refused') await takeAllBack(undo)
      throw toStorageFault(outcome.error, upload.fileName)
    }
    done.push(outcome)
    if (takeBack !== undefined) undo.push(takeBack)
  }
  return Promise.all(done.map((stored) => describe(objects, stored)))
}

function byRank(a: Upload, b: Upload): number {
  return Number(isProvenanceFileName(b.fileName)) - Number(isProvenanceFileName(a.fileName))
}

/** @throws {StorageError} `exists` */
async function requireAbsent(objects: ObjectStore, uploads: readonly Upload[]): Promise<void> {
  for (const { key, fileName } of uploads) {
    const found = await unlessMissing(objects.head(key, fileName))
    if (found !== undefined) throw alreadyExists(fileName)
  }
}

/** Best effort: what cannot be taken back is what a crash would leave, and the first fault is the one to tell. */
async function takeAllBack(undo: (() => Promise<void>)[]): Promise<void> {
  for (const step of undo.reverse()) await step().catch(() => undefined)
}

/** Takes an upload back, as long as it is still the one in place. */
async function planUndo(
  objects: ObjectStore,
  upload: Upload,
  uploadId: string,
  overwrite: boolean,
): Promise<() => Promise<void>> {
  const { key, fileName } = upload
  const old = overwrite ? await readIfThere(objects, upload) : undefined
  return async () => {
    if (!(await isInPlace(objects, upload, uploadId))) return
    if (old === undefined) await objects.remove(key, fileName)
    else await objects.put(key, { body: old, size: old.length })
  }
}

interface Stored {
  kind: 'stored'
  upload: Upload
  uploadId: string
  size: number
  /** undefined where the answer was lost. */
  tag: string | undefined
}

type Outcome =
  | Stored
  /** It is not in place, and will not be. */
  | { kind: 'refused'; error: unknown }
  | { kind: 'unknown'; error: unknown }

/**
 * Uploads one file. A body that is a stream cannot be sent again: each attempt opens the file anew. An attempt whose
 * answer was lost may have been carried out, and then refuses its own repetition: the upload's id tells.
 */
async function put(
  objects: ObjectStore,
  upload: Upload,
  uploadId: string,
  { overwrite, claimed }: PublishOptions,
): Promise<Outcome> {
  const { size } = await stat(upload.spool)
  for (let attempt = 1; ; attempt++) {
    const body = createReadStream(upload.spool)
    try {
      const { tag } = await objects.put(upload.key, {
        body,
        size,
        uploadId,
        isExclusive: !overwrite && claimed === undefined,
        signal: claimed,
      })
      return { kind: 'stored', upload, uploadId, size, tag }
    } catch (error) {
      if (claimed?.aborted) return { kind: 'unknown', error: claimed.reason }
      const mayRepeat =
        error instanceof PutFailure && (error.fault === 'transient' || error.fault === 'conflict')
      if (attempt === 1 && !mayRepeat) return { kind: 'refused', error }
      if (attempt === ATTEMPTS || !mayRepeat) {
        const isOurs = await isInPlace(objects, upload, uploadId).catch(() => undefined)
        if (isOurs === true) return { kind: 'stored', upload, uploadId, size, tag: undefined }
        return { kind: isOurs === false ? 'refused' : 'unknown', error }
      }
      await delay(Math.random() * 100 * 2 ** attempt)
    } finally {
      body.destroy()
    }
  }
}

function toStorageFault(error: unknown, fileName: string): unknown {
  if (!(error instanceof PutFailure)) return error
  if (error.fault !== 'taken' && error.fault !== 'conflict') return error.storageError
  return alreadyExists(fileName, error)
}

function alreadyExists(fileName: string, cause?: unknown): StorageError {
  return new StorageError('exists', `${fileName} already exists`, { cause })
}

/** What is stored is stored, whether or not the server tells its time. */
async function describe(
  objects: ObjectStore,
  { upload: { key, fileName }, uploadId, size, tag }: Stored,
): Promise<StoredFile> {
  const found = await objects.head(key, fileName).catch(() => undefined)
  const isOurs = found?.uploadId === uploadId && (tag === undefined || found.tag === tag)
  if (found !== undefined && isOurs) return toStoredFile(fileName, found)
  // No listing says a fraction of a second: the next comparison of times reads the file that is there then.
  return { fileName, size, modifiedNs: BigInt(Date.now()) * 1_000_000n + 1n }
}

async function isInPlace(
  objects: ObjectStore,
  { key, fileName }: Upload,
  uploadId: string,
): Promise<boolean> {
  return (await unlessMissing(objects.head(key, fileName)))?.uploadId === uploadId
}

async function readIfThere(
  objects: ObjectStore,
  { key, fileName }: Upload,
): Promise<Buffer | undefined> {
  const found = await unlessMissing(objects.get(key, fileName))
  return found && readWhole(found.body, found.size)
}

async function unlessMissing<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof StorageError && error.fault === 'missing') return undefined
    throw error
  }
}
