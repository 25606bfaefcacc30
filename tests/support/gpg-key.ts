import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { mustRun } from './command.ts'

export interface GpgKey {
  name: string
  /** For `helm package --sign --keyring`: helm reads keyrings of GnuPG 1, not those of GnuPG 2. */
  secretKeyring: string
  /** For `helm pull --verify --keyring`. */
  publicKeyring: string
}

/** A key without a passphrase, of a kind that every helm can read. */
export async function createGpgKey(t: TestContext): Promise<GpgKey> {
  const home = await mkdtemp(join(tmpdir(), 'chartgate-gpg-'))
  const env = { PATH: process.env.PATH, GNUPGHOME: home }
  t.after(async () => {
    await mustRun('gpgconf', ['--kill', 'all'], { env })
    await rm(home, { recursive: true, force: true })
  })
  const name = 'Chartgate Test <test@example.com>'
  const secretKeyring = join(home, 'secring.gpg')
  const publicKeyring = join(home, 'pubring.gpg')
  const gpg = (...args: string[]) =>
    mustRun(
      'gpg',
      ['--batch', '--quiet', '--passphrase', '', '--pinentry-mode', 'loopback', ...args],
      {
        env,
      },
    )
  await gpg('--quick-generate-key', name, 'rsa2048', 'sign', 'never')
  await gpg('--output', secretKeyring, '--export-secret-keys')
  await gpg('--output', publicKeyring, '--export')
  return { name, secretKeyring, publicKeyring }
}
