import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { type ServerOptions, Server as TlsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import type { TlsFiles } from '../config/listening-config.ts'

/** @throws {StartError} where a file cannot be read, or certificate and key are no pair. */
export function readTls({ cert, key, clientCa }: TlsFiles): ServerOptions {
  const options = {
    cert: readPem('TLS_CERT', cert),
    key: readPem('TLS_KEY', key),
    ...(clientCa === undefined
      ? {}
      : { ca: readPem('TLS_CA_CERT', clientCa), requestCert: true, rejectUnauthorized: true }),
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw new StartError(`TLS_CERT and TLS_KEY cannot be used: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return options
}

/** Reads the files again on SIGHUP; what cannot be used leaves the old ones in place. */
export function renewOnHangUp(server: Server, files: TlsFiles, log: Logger): void {
  if (!(server instanceof TlsServer)) return
  process.on('SIGHUP', () => {
    try {
      server.setSecureContext(readTls(files))
      log.info('the certificate was read again')
    } catch (error) {
      log.error({ err: error }, 'the certificate stays the old one')
    }
  })
}

function readPem(name: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new StartError(`${name}: cannot read ${path}: ${(error as Error).message}`)
  }
}
