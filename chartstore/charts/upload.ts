import { InvalidChart } from '../chart/chart-error.ts'
import type { Answer } from '../http/answer.ts'
import { json } from '../http/replies.ts'
import type { RouteContext } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'
import { StorageError } from '../storage/storage.ts'
import { limitBody } from '../upload/limit-body.ts'
import { discardForm, type ReceivedForm, receiveForm } from '../upload/receive-form.ts'
import { receivePackage } from '../upload/receive-package.ts'
import { receiveProvenance } from '../upload/receive-provenance.ts'
import { readUploadTerms, type UploadTerms } from '../upload/upload-terms.ts'
import type { UploadsUnderWay } from '../upload/uploads-under-way.ts'
import type { HandlerDeps } from './handler-deps.ts'

/**
 * Uploads: receive and verify everything, then publish it in one step. The answer is sent when the files are durable
 * and the index shows them.
 */
export function createUploadHandlers({
  storage,
  indexes,
  uploads,
  policy,
}: HandlerDeps & { uploads: UploadsUnderWay }) {
  const publish = async (
    { params, query, request }: RouteContext,
    { quota, isImmutable }: UploadTerms,
    received: ReceivedForm,
  ) => {
    const { package: chart, provenance } = received
    const mayOverwrite = policy.allowsOverwrite || (query.has('force') && policy.allowsForce)
    const files = [chart, provenance].filter((file) => file !== undefined)
    try {
      checkPair(received)
      await request.confirm?.()
      await indexes.forWriting(params.repo ?? '').publish({
        files,
        overwrite: mayOverwrite && !isImmutable,
        quota,
        ...(chart === undefined ? {} : { facts: chart }),
      })
    } catch (error) {
      throw isImmutable && isTaken(error) ? refuseChange(error) : error
    } finally {
      await discardForm(received)
    }
    return saved(received)
  }

  /** Reads the body, and lets go of it however that ends, so that what is left of it can be thrown away. */
  const receive = async <Result>(
    { request }: RouteContext,
    { maxUploadBytes }: UploadTerms,
    read: (body: AsyncGenerator<Uint8Array>) => Promise<Result>,
  ): Promise<Result> => {
    const body = limitBody(request, [
      { bytes: policy.maxUploadBytes, setting: 'MAX_UPLOAD_SIZE of the chart store' },
      { bytes: maxUploadBytes, setting: 'max_upload_size of the project' },
    ])
    try {
      return await read(body)
    } finally {
      body.return(undefined).catch(() => undefined)
    }
  }

  const takeChart = async (context: RouteContext, terms: UploadTerms): Promise<Answer> => {
    if (!isForm(context)) {
      const chart = await receive(context, terms, (body) => receivePackage(body, storage))
      return publish(context, terms, { package: chart })
    }
    const received = await receive(context, terms, (body) =>
      receiveForm(context.request, body, policy.formFields, storage),
    )
    try {
      return await publish(context, terms, received)
    } catch (error) {
      // ChartMuseum's text for forms differs from the one for raw bodies.
      throw isTaken(error) ? new StoreError(409, 'chart already exists') : error
    }
  }

  const takeProvenance = async (context: RouteContext, terms: UploadTerms): Promise<Answer> => {
    try {
      const provenance = await receive(context, terms, (body) => receiveProvenance(body, storage))
      return await publish(context, terms, { provenance })
    } catch (error) {
      // 500 here and 400 in a form: ChartMuseum's clients know it so.
      if (error instanceof InvalidChart && error.message === 'invalid provenance file') {
        throw new StoreError(500, error.message)
      }
      throw error
    }
  }

  const answerBy =
    (take: typeof takeChart) =>
    (context: RouteContext): Promise<Answer> =>
      uploads.during(context.params.repo ?? '', async () =>
        take(context, readUploadTerms(context.request.headers)),
      )

  return { chart: answerBy(takeChart), provenance: answerBy(takeProvenance) }
}

function isTaken(error: unknown): error is StorageError {
  return error instanceof StorageError && error.fault === 'exists'
}

/** Whoever forced it is to know that force is not what is missing. */
function refuseChange(error: StorageError): StoreError {
  return new StoreError(
    409,
    `${error.message}, and the versions of this project are immutable: upload it as another version`,
  )
}

function isForm({ request }: RouteContext): boolean {
  return /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')
}

/** A form whose two files do not belong together would store a chart that never verifies. */
function checkPair({ package: chart, provenance }: ReceivedForm): void {
  if (chart === undefined || provenance === undefined) return
  if (provenance.packageFile !== chart.fileName) {
    throw new InvalidChart(
      `the provenance file is for ${provenance.packageFile}, the chart is ${chart.fileName}: upload them separately`,
    )
  }
  if (provenance.packageDigest !== undefined && provenance.packageDigest !== chart.digest) {
    throw new InvalidChart(
      `the provenance file was made for other bytes (sha256 ${provenance.packageDigest}) than the chart's ` +
        `(sha256 ${chart.digest}): sign this package, or upload the one that was signed`,
    )
  }
}

/** The gateway's audit log takes the chart's name and version from the headers, and keeps them from the client. */
function saved({ package: chart }: ReceivedForm): Answer {
  const answer = json({ saved: true }, 201)
  if (chart === undefined) return answer
  const { name, version } = chart.metadata
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'x-chart-name': encodeURIComponent(name),
      'x-chart-version': encodeURIComponent(version),
    },
  }
}
