import { z } from 'zod'
import { BadGateway, HttpError } from '../http/errors.ts'
import type { FullLabelModel } from '../labels/describe-label.ts'
import type { VersionLabels } from '../labels/version-labels.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import type { ChartStore } from './chart-store.ts'
import { flattenValues } from './chart-values.ts'
import { type ChartVersion, parseChartVersion } from './chart-version.ts'
import { type PackageFiles, readPackageFiles } from './package-files.ts'
import { encodeSegment } from './parse-chart-request.ts'
import { readJson, requireSuccess } from './store-answer.ts'

/** All that the portal shows of a version (spec/harbor.md 1.6, #9). */
export interface VersionDetails {
  metadata: ChartVersion
  dependencies: unknown
  /** Flattened; lists kept. */
  values: Record<string, unknown>
  /** `README.md` and `values.yaml` as they are in the package; one that is missing or empty is left out. */
  files: Record<string, string>
  security: { signature: { signed: boolean; prov_file: string } }
  labels: FullLabelModel[]
}

/** Reads the version, and then its package, values, labels and whether it has a provenance file, all at the same time. */
export async function readVersionDetails(
  { store, versionLabels }: { store: ChartStore; versionLabels: VersionLabels },
  project: ProjectAccess,
  storePath: string,
): Promise<VersionDetails> {
  const metadata = parseChartVersion(await readJson(await store.call('GET', storePath)))
  // Not from name and version: a package that was put into storage by hand may be called otherwise.
  const fileName = metadata.urls[0]?.split('/').at(-1) ?? `${metadata.name}-${metadata.version}.tgz`
  const filePath = `/${encodeSegment(project.name)}/charts/${encodeSegment(fileName)}`
  const [files, values, isSigned, labels] = await Promise.all([
    readFiles(store, filePath),
    readValues(store, `${storePath}/templates`),
    exists(store, `${filePath}.prov`),
    // of the version that was found, which the path may name as `latest` or `^1`
    versionLabels.listOfVersion(project, { chart: metadata.name, version: metadata.version }),
  ])
  return {
    metadata,
    dependencies: metadata.dependencies ?? [],
    values: flattenValues(values),
    files: {
      ...(files.readme === '' ? {} : { 'README.md': files.readme }),
      ...(files.values === '' ? {} : { 'values.yaml': files.values }),
    },
    security: {
      signature: { signed: isSigned, prov_file: isSigned ? `charts/${fileName}.prov` : '' },
    },
    labels,
  }
}

/**
 * A package that cannot be unpacked (another server may have let it in) still has its metadata shown.
 * @throws {BadGateway} when the store breaks off.
 */
async function readFiles(store: ChartStore, path: string): Promise<PackageFiles> {
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
