import { once } from 'node:events'
import type { Readable } from 'node:stream'
import busboy from 'busboy'
import type { StoreRequest } from '../http/answer.ts'
import { StoreError } from '../http/store-error.ts'
import type { Storage } from '../storage/storage.ts'
import { type ReceivedPackage, receivePackage } from './receive-package.ts'
import { type ReceivedProvenance, receiveProvenance } from './receive-provenance.ts'

export interface FormFields {
  chart: ReadonlySet<string>
  prov: ReadonlySet<string>
}

export interface ReceivedForm {
  package?: ReceivedPackage
  provenance?: ReceivedProvenance
}

/**
 * Takes in a multipart form with a chart, its provenance or both. Parts are told by their field names; the file names
 * that clients send (cm-push: a path in its temporary folder) mean nothing. The first file of a field counts.
 * @throws {StoreError} 400 where there is no file to take. @throws {InvalidChart}
 */
export async function receiveForm(
  request: StoreRequest,
  body: AsyncIterable<Uint8Array>,
  fields: FormFields,
  storage: Storage,
): Promise<ReceivedForm> {
  const received: ReceivedForm = {}
  const parts: Promise<void>[] = []
  const seen = new Set<string>()
  const form = openForm(request, fields)
  let failure: { error: unknown } | undefined
  const fail = (error: unknown) => {
    failure ??= { error }
  }

  // Kept for good: busboy tells of a broken form more than once, and an error that nobody hears ends the process.
  form.on('error', fail)
  form.on('file', (field, file) => {
    file.on('error', () => undefined)
    const kind = fields.chart.has(field) ? 'chart' : fields.prov.has(field) ? 'prov' : undefined
    if (kind === undefined || seen.has(kind) || failure !== undefined) {
      file.resume()
      return
    }
    seen.add(kind)
    parts.push(
      receivePart(kind, file, storage, received).catch((error: unknown) => {
        fail(error)
        file.resume()
      }),
    )
  })

  try {
    const ended = once(form, 'close')
    ended.catch(fail)
    for await (const chunk of body) {
      if (failure !== undefined) break
      if (!form.write(chunk)) await Promise.race([once(form, 'drain'), ended]).catch(fail)
    }
    if (failure === undefined) {
      form.end()
      await ended.catch((error: unknown) => fail(error))
    } else {
      form.destroy()
    }
    await Promise.all(parts)
    if (failure !== undefined) throw failure.error
    if (received.package === undefined && received.provenance === undefined)
      throw nothingFound(fields)
    return received
  } catch (error) {
    form.destroy()
    await Promise.all(parts)
    await discardForm(received)
    throw isFormError(error) ? nothingFound(fields) : error
  }
}

export async function discardForm(received: ReceivedForm): Promise<void> {
  await received.package?.spool.discard()
  await received.provenance?.spool.discard()
}

async function receivePart(
  kind: 'chart' | 'prov',
  file: Readable,
  storage: Storage,
  received: ReceivedForm,
): Promise<void> {
  const source: AsyncIterator<Uint8Array> = file.iterator({ destroyOnReturn: false })
  if (kind === 'chart') received.package = await receivePackage(source, storage)
  else received.provenance = await receiveProvenance(source, storage)
}

function openForm({ headers }: StoreRequest, fields: FormFields): busboy.Busboy {
  try {
    return busboy({ headers, limits: { fields: 100, files: 10, parts: 200 } })
  } catch {
    throw nothingFound(fields)
  }
}

/** busboy's own errors: a form that is cut short or malformed. */
function isFormError(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(Unexpected end of form|Malformed part header|Unexpected end of file|Missing boundary)/.test(
      error.message,
    )
  )
}

function nothingFound({ chart, prov }: FormFields): StoreError {
  const names = `${[...chart].at(-1)} and ${[...prov].at(-1)}`
  return new StoreError(400, `no package or provenance file found in form fields ${names}`)
}
