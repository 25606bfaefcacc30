import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { StartError } from '../../service/start-error.ts'

/**
 * The RSA public keys of a PEM file: one or several certificates or `PUBLIC KEY` blocks.
 * @throws {StartError} where there is none.
 */
export function readPublicKeys(path: string): KeyObject[] {
  try {
    const blocks = readFileSync(path, 'utf8').match(/-----BEGIN [\s\S]+?-----END [^-]+-----/g) ?? []
    const keys = blocks.map((block) => createPublicKey(block))
    if (keys.length > 0) return keys
  } catch (error) {
    throw new StartError(`AUTH_CERT_PATH: cannot read keys from ${path}: ${String(error)}`)
  }
  throw new StartError(`AUTH_CERT_PATH: ${path} holds no PEM public key or certificate`)
}
