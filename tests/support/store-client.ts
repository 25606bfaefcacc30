import { load } from 'js-yaml'

/** What tests read of an index. */
export interface Index {
  apiVersion: string
  generated: string
  entries: Record<string, IndexVersion[]>
}

export interface IndexVersion {
  name: string
  version: string
  urls: string[]
  created: string
  digest: string
  [field: string]: unknown
}

export async function readIndex(repositoryUrl: string, init?: RequestInit): Promise<Index> {
  const response = await fetch(`${repositoryUrl}/index.yaml`, init)
  if (response.status !== 200) throw new Error(`index.yaml: ${response.status}`)
  return load(await response.text()) as Index
}

/** `name-version` of every entry, sorted. */
export function listEntries(index: Index): string[] {
  return Object.values(index.entries)
    .flat()
    .map(({ name, version }) => `${name}-${version}`)
    .sort()
}

export function postRaw(
  url: string,
  body: Buffer | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, { method: 'POST', body: new Blob([body]), headers })
}

/** A multipart form of files by field name. */
export function postForm(
  url: string,
  files: Record<string, Buffer | string>,
  fileName = '/tmp/helm-push-1/upload.tgz',
): Promise<Response> {
  const form = new FormData()
  for (const [field, content] of Object.entries(files)) {
    form.append(field, new Blob([content]), fileName)
  }
  return fetch(url, { method: 'POST', body: form })
}

/** Status and JSON of an answer, for one comparison. */
export async function outcome(response: Response | Promise<Response>): Promise<[number, unknown]> {
  const { status, body } = await readAnswer(await response)
  return [status, body]
}

async function readAnswer(response: Response) {
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) as unknown }
  } catch {
    return { status: response.status, body: text }
  }
}
