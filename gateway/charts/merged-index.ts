import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { acceptsGzip } from '../../service/accepts-gzip.ts'
import { type Bytes, countBytes, joinShort, partsOf } from '../../service/bytes.ts'
import { joinMember, type MemberPart, storePart } from '../../service/gzip-member.ts'
import type { Logger } from '../../service/log.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import type { ChartStore } from './chart-store.ts'
import { toFlowYaml } from './index-text.ts'
import { createNestedEntries, later, type NestedEntries } from './nested-entries.ts'
import { readProjects } from './read-projects.ts'

export interface MergedIndex {
  bytes: () => Bytes
  encoding: 'gzip' | 'identity'
  /** Strong, of the text: of the ETags of all that is in it. */
  etag: string
}

/** So many projects are read at once. */
const PARALLEL = 10

/** Some 500,000 versions. What is beyond is left out: whoever may read more uses the projects' own indexes. */
const MAX_BYTES = 256 * 1024 * 1024

export type ReadMergedIndex = (
  projects: readonly ProjectAccess[],
  headers: IncomingHttpHeaders,
) => Promise<MergedIndex>

/** Of what was compressed: who may read the same gets the same. */
const KEPT_BYTES = 16 * 1024 * 1024

type Part = NestedEntries & { project: string }

/**
 * One index over many projects: charts are listed as `<project>/<chart>`, so that `helm pull repo/<project>/<chart>` finds
 * them and no two clash, and their URLs lead to the projects (spec/harbor.md 1.5). Their `name` stays as it is, other than
 * Harbor's: helm 3.14.1 and later leave out entries with a slash in it, and look charts up by the key alone. It is JSON that is
 * YAML as well, for every helm from 2.13 on (spec/helm-client.md 1.6). The same charts give the same bytes.
 * A project that cannot be read is left out and logged; only when none can be, it is an error.
 */
export function createMergedIndex(store: ChartStore, log: Logger): ReadMergedIndex {
  const readEntries = createNestedEntries(store)
  const kept = new LRUCache<string, Bytes>({ maxSize: KEPT_BYTES, sizeCalculation: countBytes })

  const readParts = async (
    projects: readonly ProjectAccess[],
    encoding: MergedIndex['encoding'],
  ): Promise<Part[]> => {
    let length = 0
    const read = async ({ name: project }: ProjectAccess): Promise<Part> => {
      const entries = await readEntries(project, encoding)
      if (length + entries.length > MAX_BYTES) throw new Error('the merged index would be too big')
      length += entries.length
      return { ...entries, project }
    }
    const limit = pLimit(PARALLEL)
    const parts = await readProjects(projects, read, { limit, log, purpose: 'the merged index' })
    return parts.filter(({ length }) => length > 0)
  }

  return async (projects, headers) => {
    if (acceptsGzip(headers)) {
      const parts = await readParts(projects, 'gzip')
      const members = parts.flatMap(({ member }) => member ?? [])
      // What is long is compressed once it has been asked for; until then it comes as it is.
      if (members.length === parts.length) {
        const etag = etagOf(parts)
        const bytes = () => {
          const known = kept.get(etag)
          if (known !== undefined) return known
          const joined = joinCompressed(parts, members)
          kept.set(etag, joined)
          return joined
        }
        return { encoding: 'gzip', etag, bytes }
      }
    }
    const parts = await readParts(projects, 'identity')
    return { encoding: 'identity', etag: etagOf(parts), bytes: () => joinPlain(parts) }
  }
}

function joinCompressed(parts: readonly Part[], members: readonly MemberPart[]): Bytes {
  const { head, comma, tail } = writeFrame(parts)
  const all = [storePart(head), ...separate(members, storePart(comma)), storePart(tail)]
  return joinShort(joinMember(all))
}

function joinPlain(parts: readonly Part[]): Bytes {
  const { head, comma, tail } = writeFrame(parts)
  const entries = parts.map(({ bytes }) => partsOf(bytes))
  return joinShort([head, ...separate(entries, [comma]).flat(), tail])
}

function separate<Item>(items: readonly Item[], separator: Item): Item[] {
  return items.flatMap((item, i) => (i === 0 ? [item] : [separator, item]))
}

/** What is ahead of all entries, between those of two projects, and behind all. */
function writeFrame(parts: readonly Part[]): { head: Buffer; comma: Buffer; tail: Buffer } {
  // Not the time of now: nothing changes while nothing changes.
  const generated = parts.map((part) => part.generated).reduce(later, '')
  const time = generated === '' ? '' : `,"generated":${toFlowYaml(generated)}`
  return {
    head: Buffer.from('{"apiVersion":"v1","entries":{'),
    comma: Buffer.from(','),
    tail: Buffer.from(`}${time}}\n`),
  }
}

function etagOf(parts: readonly Part[]): string {
  const hash = createHash('sha256')
  for (const { project, etag } of parts) hash.update(`${project} ${etag}\n`)
  return `"${hash.digest('base64url')}"`
}
