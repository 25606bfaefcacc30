import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from './command.ts'

/** Makes a certificate authority, and a certificate of it for 127.0.0.1: ca.crt, tls.crt and tls.key in the folder. */
export async function createCertificate(folder: string): Promise<void> {
  const openssl = (...args: string[]) => mustRun('openssl', args, { cwd: folder })
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-days', '2']
  await openssl(
    ...['req', '-x509', ...newKey, '-subj', '/CN=Chartgate test authority'],
    ...['-keyout', 'ca.key', '-out', 'ca.crt'],
  )
  await openssl(
    ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=127.0.0.1'],
    ...['-keyout', 'tls.key', '-out', 'tls.csr'],
  )
  // Go looks at alternative names only.
  await writeFile(join(folder, 'names.cnf'), 'subjectAltName = IP:127.0.0.1, DNS:localhost\n')
  await openssl(
    ...['x509', '-req', '-in', 'tls.csr', '-out', 'tls.crt', '-days', '2'],
    ...['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names.cnf'],
  )
}
