import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'

/** What the details of a version show of its package: the two files as they are, '' where there is none. */
export interface PackageFiles {
  readme: string
  values: string
}

const MAX_README_BYTES = 1024 * 1024
const MAX_VALUES_BYTES = 5 * 1024 * 1024
/** What a package may unpack to before we stop looking: more than helm itself takes. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024

/**
 * Walks a package as it streams by and keeps README.md and values.yaml of the chart itself, not of its subcharts.
 * A file that is too big is left out. Holds no more than the two files.
 * @throws when the package is not a gzipped tar, or unpacks to more than a chart may.
 */
export async function readPackageFiles(packageBody: Readable): Promise<PackageFiles> {
  const files: PackageFiles = { readme: '', values: '' }
  const found = new AbortController()
  const keep = async (entry: ReadEntry, name: keyof PackageFiles, maxBytes: number) => {
    if (entry.size > maxBytes) {
      entry.resume()
      return
    }
    files[name] = (await entry.concat()).toString('utf8')
    if (files.readme !== '' && files.values !== '') found.abort()
  }
  const reading: Promise<void>[] = []
  const parser = new Parser({
    // The stream is unpacked and counted here: what comes out of it must be a tar, not another archive to unpack.
    gzip: false,
    brotli: false,
    zstd: false,
    strict: false,
    onReadEntry: (entry) => {
      const name = fileNameOf(entry)
      if (name === 'readme.md' && files.readme === '') {
        reading.push(keep(entry, 'readme', MAX_README_BYTES))
      } else if (name === 'values.yaml' && files.values === '') {
        reading.push(keep(entry, 'values', MAX_VALUES_BYTES))
      } else {
        entry.resume()
      }
    },
  })

  try {
    await pipeline(packageBody, createGunzip(), (unpacked) => feed(parser, unpacked), {
      signal: found.signal,
    })
  } catch (error) {
    if (!found.signal.aborted) throw error
  }
  await Promise.all(reading)
  return files
}

async function feed(parser: Parser, unpacked: AsyncIterable<Buffer>): Promise<void> {
  let length = 0
  for await (const chunk of unpacked) {
    length += chunk.length
    if (length > MAX_UNPACKED_BYTES) throw new Error('the package unpacks to too much')
    if (!parser.write(chunk)) await once(parser, 'drain')
  }
  const ended = once(parser, 'end')
  parser.end()
  await ended
}

/** The lower-case name of a file right below the chart's folder; helm takes the README in any case. */
function fileNameOf(entry: ReadEntry): string | undefined {
  if (entry.type !== 'File' && entry.type !== 'OldFile') return undefined
  const parts = entry.path.replace(/^\.\//, '').split('/')
  return parts.length === 2 ? parts[1]?.toLowerCase() : undefined
}
