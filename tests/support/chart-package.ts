import { gzipSync } from 'node:zlib'
import { dump } from 'js-yaml'
import { Header, Pax } from 'tar'

/** One member of an archive, written as it is: nothing is checked, so that nasty archives can be made. */
export interface ArchiveEntry {
  path: string
  content?: Buffer | string
  type?: Header['type']
  linkpath?: string
  mode?: number
  /** What the header says; the length of the content by default. */
  size?: number
}

export interface ChartSource {
  name: string
  version: string
  /** More keys of Chart.yaml (`apiVersion: v2` is there by default; undefined takes a key away). */
  metadata?: Record<string, unknown>
  /** More files, by their path in the chart; `Chart.yaml` replaces the made one. */
  files?: Record<string, Buffer | string>
  /** The chart's name by default. */
  topDir?: string
}

/** A chart as `helm package` makes it. */
export async function buildChart(chart: ChartSource): Promise<Buffer> {
  const { name, version, metadata, files, topDir = name } = chart
  const chartYaml = dump(
    { apiVersion: 'v2', name, version, ...metadata },
    { skipInvalid: true, forceQuotes: true },
  )
  const paths = { 'Chart.yaml': chartYaml, 'values.yaml': 'replicas: 1\n', ...files }
  return buildArchive(
    Object.entries(paths).map(([path, content]) => ({ path: `${topDir}/${path}`, content })),
  )
}

/** A gzip'ed tar. Buffers among the entries go into the tar as they are. */
export function buildArchive(entries: readonly (ArchiveEntry | Buffer)[]): Buffer {
  return gzipSync(buildTar(entries))
}

export function buildTar(entries: readonly (ArchiveEntry | Buffer)[]): Buffer {
  const end = Buffer.alloc(1024)
  return Buffer.concat([...entries.flatMap((entry) => toBlocks(entry)), end])
}

function toBlocks(entry: ArchiveEntry | Buffer): Buffer[] {
  if (Buffer.isBuffer(entry)) return [entry]
  const content = Buffer.from(entry.content ?? '')
  const { path, type = 'File', linkpath, mode = 0o644, size = content.length } = entry
  const header = new Header({ path, type, mode, size, mtime: new Date(0), uid: 0, gid: 0 })
  if (linkpath !== undefined) header.linkpath = linkpath
  const block = Buffer.alloc(512)
  const needsPax = header.encode(block)
  const pax = needsPax ? [new Pax({ path, size }).encode()] : []
  return [...pax, block, pad(content)]
}

/** Contents fill whole blocks of 512 bytes. */
export function pad(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}
