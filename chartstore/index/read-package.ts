import { createHash, hash } from 'node:crypto'
import {
  type ArchiveLimits,
  DEFAULT_LIMITS,
  readChartArchive,
  readWholeArchive,
} from '../chart/archive.ts'
import type { ChartMetadata } from '../chart/chart-metadata.ts'
import { observe } from '../observe.ts'
import type { OpenFile, StoredFile } from '../storage/storage.ts'
import { createEntry, type IndexEntry } from './entry.ts'

/**
 * What is in storage already was accepted once, perhaps by an older ChartMuseum without helm's present limits
 * (spec/chartmuseum.md 7.R14): it is indexed unless it is a bomb.
 */
const STORED_LIMITS: ArchiveLimits = {
  ...DEFAULT_LIMITS,
  fileBytes: 256 * 1024 * 1024,
  expandedBytes: 1024 * 1024 * 1024,
  nestedExpandedBytes: 1024 * 1024 * 1024,
  ratio: 1000,
}

/** Most packages are small: a stream for each would cost more than reading it. */
const SMALL_BYTES = 128 * 1024

/**
 * Reads a stored package into what the index says of it, in one pass, and lets go of it.
 * @throws {InvalidChart} where it is no chart. @throws {StorageError}
 */
export async function readPackage(file: OpenFile, urlBase: string): Promise<IndexEntry> {
  if (file.size <= SMALL_BYTES) return readWholePackage(file, await file.read(), urlBase)
  const digest = createHash('sha256')
  const stream = file.stream()
  try {
    const hashed = observe(stream[Symbol.asyncIterator](), (chunk) => {
      digest.update(chunk)
    })
    const { metadata } = await readChartArchive(hashed, STORED_LIMITS)
    return describe(file, metadata, digest.digest('hex'), urlBase)
  } finally {
    stream.destroy()
  }
}

/** The same for a package whose bytes are in memory. */
export async function readWholePackage(
  file: StoredFile,
  bytes: Buffer,
  urlBase: string,
): Promise<IndexEntry> {
  const { metadata } = await readWholeArchive(bytes, STORED_LIMITS)
  return describe(file, metadata, hash('sha256', bytes), urlBase)
}

function describe(
  { fileName, modifiedNs }: StoredFile,
  metadata: ChartMetadata,
  digest: string,
  urlBase: string,
): IndexEntry {
  return createEntry({ metadata, fileName, digest, modifiedNs }, urlBase)
}
