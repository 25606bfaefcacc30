import assert from 'node:assert/strict'
import { copyFile, mkdir, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runCommand } from './support/command.ts'
import { createGpgKey } from './support/gpg-key.ts'
import { createHelmHome } from './support/helm-home.ts'
import { clientPath, skipWithout } from './support/real-clients.ts'
import { startChartgate } from './support/running-chartgate.ts'
import { readShellBlocks, toScript } from './support/shell-blocks.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

/** What the lines of "Use" fetch; the same names lie in the folder before, as what they upload. */
const PULLED = ['etcd-1.4.3.tgz', 'postgresql-0.19.0.tgz', 'postgresql-0.19.0.tgz.prov']
const LONG_AGO = new Date('2001-02-03T04:05:06Z')

for (const version of ['helm3', 'helm4'] as const) {
  const skip = skipWithout(version, 'helm-cm-push') || skipWithoutPrograms('curl', 'gpg')

  test(`with ${version}, the lines of the README's section "Use" work as they stand`, {
    skip,
  }, async (t) => {
    const { url } = await startChartgate(t)
    const script = toScript(await readShellBlocks('README.md', 'Use'))
    const { folder, env } = await prepareFolder(t, version)
    const { status, stdout, stderr } = await runCommand(
      'bash',
      ['-c', script.replaceAll('http://localhost:8080', url)],
      { cwd: folder, env },
    )
    assert.equal(status, 0, `${stdout}${stderr}`)
    for (const name of PULLED) {
      const { mtime } = await stat(join(folder, name))
      assert.notDeepEqual(mtime, LONG_AGO, `${name} was not pulled`)
    }
  })
}

/** The charts and the keyring that the README's reader has, and a `helm` and a `curl` that fail where an answer does. */
async function prepareFolder(t: TestContext, version: 'helm3' | 'helm4') {
  const { helm, folder, env } = await createHelmHome(t, version)
  const inFolder = (name: string) => join(folder, name)
  const key = await createGpgKey(t)
  await helm('create', 'etcd')
  await helm('package', 'etcd', '--version', '1.4.3')
  await helm('create', 'postgresql')
  const sign = ['--sign', '--key', key.name, '--keyring', key.secretKeyring]
  await helm('package', 'postgresql', '--version', '0.19.0', ...sign)
  await copyFile(key.publicKeyring, inFolder('pubring.gpg'))
  for (const name of PULLED) await utimes(inFolder(name), LONG_AGO, LONG_AGO)

  const bin = inFolder('bin')
  await mkdir(bin)
  await symlink(clientPath(version), join(bin, 'helm'))
  await writeFile(inFolder('.curlrc'), 'fail-with-body\n')
  return { folder, env: { ...env, PATH: `${bin}:${env.PATH}`, CURL_HOME: folder } }
}
