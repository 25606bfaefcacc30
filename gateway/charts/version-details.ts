import { z } from 'zod'
import { BadGateway, HttpError } from '../http/errors.ts'
import { toJson } from '../http/json-answer.ts'
import type { FullLabelModel } from '../labels/describe-label.ts'
import type { ChartLabels } from '../labels/version-labels.ts'
import type { ChartStore } from './chart-store.ts'
import { flattenValues } from './chart-values.ts'
import { type ChartVersion, parseChartVersion } from './chart-version.ts'
import { createKeptAnswers } from './kept-answers.ts'
import type { PackageFiles } from './package-files.ts'
import { encodeSegment } from './parse-chart-request.ts'
import { rememberLast } from './remember-last.ts'
import { readJson, requireSuccess } from './store-answer.ts'

/** All that the portal shows of a version (spec/harbor.md 1.6, #9). */
interface VersionDetails {
  metadata: ChartVersion
  dependencies: unknown
  /** Flattened; lists kept. */
  values: Record<string, unknown>
  /** `README.md` and `values.yaml` as they are in the package; one that is missing or empty is left out. */
  files: Record<string, string>
  security: { signature: { signed: boolean; prov_file: string } }
  labels: readonly FullLabelModel[]
}

/** What of a version is the same until the store has another. */
interface KeptDetails {
  chart: string
  /** Whether it has a provenance file now. */
  isSigned: () => Promise<boolean>
  /** @param labels of the chart. */
  write: (isSigned: boolean, labels: ChartLabels) => Buffer
  size: number
}

/** Reads the version at a path of the store, and then its package and values at the same time. */
export function createVersionDetails(store: ChartStore): (path: string) => Promise<KeptDetails> {
  const { read } = createKeptAnswers(store, async (answer, path) => {
    const metadata = parseChartVersion(await readJson(answer))
    const { name, version } = metadata
    // Not from name and version: a package that was put into storage by hand may be called otherwise.
    const fileName = metadata.urls[0]?.split('/').at(-1) ?? `${name}-${version}.tgz`
    const filePath = `/${readProject(path)}/charts/${encodeSegment(fileName)}`
    const [files, values] = await Promise.all([
      readFiles(store, filePath),
      readValues(store, `${path}/templates`),
    ])
    const kept = {
      metadata,
      dependencies: metadata.dependencies ?? [],
      values: flattenValues(values),
      files: {
        ...(files.readme === '' ? {} : { 'README.md': files.readme }),
        ...(files.values === '' ? {} : { 'values.yaml': files.values }),
      },
    }
    const write = (isSigned: boolean, labels: ChartLabels) =>
      toJson({
        ...kept,
        security: {
          signature: { signed: isSigned, prov_file: isSigned ? `charts/${fileName}.prov` : '' },
        },
        // of the version that was found, which the path may name as `latest` or `^1`
        labels: labels.get(version) ?? [],
      } satisfies VersionDetails)
    return {
      chart: name,
      isSigned: () => exists(store, `${filePath}.prov`),
      write: rememberLast(write),
      // parsed and written
      size: 4 * write(false, new Map()).length,
    }
  })
  return read
}

/** Not loaded before there are details to read, or time for it: a start has none. */
export const loadPackageFiles = () => import('./package-files.ts')

/** Of `/api/<project>/charts/…`, as it is encoded there. */
function readProject(path: string): string {
  return path.split('/')[2] ?? ''
}

/**
 * A package that cannot be unpacked (another server may have let it in) still has its metadata shown.
 * @throws {BadGateway} when the store breaks off.
 */
async function readFiles(store: ChartStore, path: string): Promise<PackageFiles> {
  // before there is an answer, which could fail while this is awaited
  const { readPackageFiles } = await loadPackageFiles()
  const answer = await store.call('GET', path)
  await requireSuccess(answer)
  let failure: Error | undefined
  answer.body.once('error', (error) => {
    failure = error
  })
  try {
    return await readPackageFiles(answer.body)
  } catch (error) {
    if (failure !== undefined) throw new BadGateway(failure)
    if (error instanceof HttpError) throw error
    return { readme: '', values: '' }
  } finally {
    answer.body.destroy()
  }
}

/** The store parses YAML as helm does, which the gateway could only imitate. A ChartMuseum before 0.15 cannot say. */
async function readValues(store: ChartStore, path: string): Promise<unknown> {
  const answer = await store.call('GET', path)
  if (answer.status === 200) return valuesSchema.parse(await readJson(answer)).values
  answer.body.resume()
  return undefined
}

const valuesSchema = z.object({ values: z.unknown() })

async function exists(store: ChartStore, path: string): Promise<boolean> {
  const answer = await store.call('GET', path)
  answer.body.on('error', () => undefined).destroy()
  return answer.status === 200
}
