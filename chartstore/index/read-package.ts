import { createHash } from 'node:crypto'
import { type ArchiveLimits, DEFAULT_LIMITS, readChartArchive } from '../chart/archive.ts'
import { observe } from '../observe.ts'
import type { OpenFile } from '../storage/storage.ts'
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

/**
 * Reads a stored package into an index entry, in one pass, and lets go of it.
 * @throws {InvalidChart} where it is no chart. @throws {StorageError}
 */
export async function readPackage(file: OpenFile, urlBase: string): Promise<IndexEntry> {
  const hash = createHash('sha256')
  const bytes = readBytes(file)
  try {
    const hashed = observe(bytes, (chunk) => {
      hash.update(chunk)
    })
    const { metadata } = await readChartArchive(hashed, STORED_LIMITS)
    const digest = hash.digest('hex')
    const { fileName, modifiedNs } = file
    return createEntry({ metadata, fileName, digest, modifiedNs }, urlBase)
  } finally {
    await bytes.return()
  }
}

/** Most packages are small: a stream for each would cost more than reading it. */
const SMALL_BYTES = 128 * 1024

async function* readBytes(file: OpenFile): AsyncGenerator<Uint8Array, void, undefined> {
  if (file.size <= SMALL_BYTES) yield await file.read()
  else yield* file.stream()
}
