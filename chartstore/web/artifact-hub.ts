import type { Answer } from '../http/answer.ts'
import type { RouteContext } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'

/** `GET /:repo/artifacthub-repo.yml`: who owns the repository, for Artifact Hub. @param ids by repository; `''`: of all others. */
export function createArtifactHubHandler(ids: ReadonlyMap<string, string>) {
  return ({ params }: RouteContext): Answer => {
    const id = ids.get(params.repo ?? '') ?? ids.get('')
    if (id === undefined) throw new StoreError(404, 'Artifact Hub repository ID not found')
    const headers = { 'content-type': 'application/x-yaml' }
    return { status: 200, headers, body: `repositoryID: ${id}\n` }
  }
}
