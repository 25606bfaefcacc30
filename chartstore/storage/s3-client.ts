import { S3Client } from '@aws-sdk/client-s3'
import { ATTEMPTS, type Patience } from './patience.ts'
import type { S3Config } from './s3-config.ts'

/** Slow readers each hold a connection; the SDK's 50 would let them keep everybody else waiting. */
const MAX_SOCKETS = 1024

/**
 * A client with the SDK's own chain of credentials: environment, web identity (IRSA), shared profile, container and
 * instance metadata.
 */
export function createS3Client(config: S3Config, patience: Patience): S3Client {
  const client = new S3Client({
    region: config.region,
    ...(config.credentials === undefined ? {} : { credentials: config.credentials }),
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    forcePathStyle: config.usesPathStyle,
    maxAttempts: ATTEMPTS,
    // Servers other than Amazon's refuse or misread the checksums that the SDK adds by default (spec/libraries.md).
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: patience.connect,
      requestTimeout: patience.answer,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: {
        keepAlive: true,
        maxSockets: MAX_SOCKETS,
        rejectUnauthorized: config.verifiesCertificate,
      },
    },
    // The SDK's default prints to the console. What fails is thrown, and logged by whoever answers.
    logger: SILENT,
  })
  if (config.forbidOverwrite !== undefined) useHeader(client, config.forbidOverwrite)
  return client
}

const silence = () => undefined
const SILENT = { trace: silence, debug: silence, info: silence, warn: silence, error: silence }

/** Says `If-None-Match: *` in the words of a dialect. */
function useHeader(client: S3Client, header: string): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      const condition = Object.keys(headers).find((name) => name.toLowerCase() === 'if-none-match')
      if (condition !== undefined) {
        delete headers[condition]
        headers[header] = 'true'
      }
      return next(args)
    },
    { step: 'build', name: 'forbidOverwrite', priority: 'low' },
  )
}
