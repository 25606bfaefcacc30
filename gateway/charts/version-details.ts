import { HttpError } from '../http/errors.ts'
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
  labels: never[]
}

/** Reads the version, its package and whether it has a provenance file, the latter two at the same time. */
export async function readVersionDetails(
  store: ChartStore,
  project: string,
  storePath: string,
): Promise<VersionDetails> {
  const metadata = parseChartVersion(await readJson(await store.call('GET', storePath)))
  // Not from name and version: a package that was put into storage by hand may be called otherwise.
  const fileName = metadata.urls[0]?.split('/').at(-1) ?? `${metadata.name}-${metadata.version}.tgz`
  const filePath = `/${encodeSegment(project)}/charts/${encodeSegment(fileName)}`
  const [files, isSigned] = await Promise.all([
    readFiles(store, filePath),
    exists(store, `${filePath}.prov`),
  ])
  return {
    metadata,
    dependencies: metadata.dependencies ?? [],
    values: flattenValues(files.values),
    files: {
      ...(files.readme === '' ? {} : { 'README.md': files.readme }),
      ...(files.values === '' ? {} : { 'values.yaml': files.values }),
    },
    security: {
      signature: { signed: isSigned, prov_file: isSigned ? `charts/${fileName}.prov` : '' },
    },
    labels: [],
  }
}

/** A package that cannot be unpacked (another server may have let it in) still has its metadata shown. */
async function readFiles(store: ChartStore, path: string): Promise<PackageFiles> {
  const answer = await store.call('GET', path)
  await requireSuccess(answer)
  try {
    return await readPackageFiles(answer.body)
  } catch (error) {
    if (error instanceof HttpError) throw error
    return { readme: '', values: '' }
  } finally {
    answer.body.destroy()
  }
}

async function exists(store: ChartStore, path: string): Promise<boolean> {
  const answer = await store.call('GET', path)
  answer.body.on('error', () => undefined).destroy()
  return answer.status === 200
}
