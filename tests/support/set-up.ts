// Run by `npm test` before the tests: the real clients are built once and kept in .tools, and the servers that the
// tests run (nginx, Redis, Ceph, Swift) are installed where that is possible. In CI whatever is missing is a failure; elsewhere the
// tests that need it are skipped with a sentence.
import { installAzurite, isAzuriteInstalled } from './azurite.ts'
import { runCommand } from './command.ts'
import { installPythonClient, isPythonClientInstalled } from './python-client.ts'
import { buildClient, CLIENT_NAMES, clientPath, isBuilt } from './real-clients.ts'
import { canInstall, describeInstall, installPrograms, missingPrograms } from './system-programs.ts'

const isCi = process.env.CI === 'true'
const faults: string[] = []

await setUpPrograms()
await setUpClients()
await setUpModule('azurite', isAzuriteInstalled, installAzurite)
await setUpModule('harborapi', isPythonClientInstalled, installPythonClient)

if (faults.length > 0) {
  for (const fault of faults) console.error(`set-up: ${fault}`)
  if (isCi) process.exit(1)
  console.error('set-up: the tests that need these are skipped')
}

async function setUpPrograms(): Promise<void> {
  const missing = missingPrograms()
  if (missing.length === 0) return
  if (!canInstall()) {
    faults.push(`${missing.join(', ')} not found: ${describeInstall(missing)}`)
    return
  }
  try {
    await withProgress(describeInstall(missing), () => installPrograms(missing))
  } catch (error) {
    faults.push(`${missing.join(', ')} could not be installed: ${String(error)}`)
  }
}

async function setUpClients(): Promise<void> {
  const missing = CLIENT_NAMES.filter((name) => !isBuilt(name))
  if (missing.length === 0) return
  if (!(await hasGo())) {
    faults.push(`${missing.join(', ')} cannot be built without Go 1.26 or newer: https://go.dev/dl`)
    return
  }
  for (const name of missing) {
    try {
      await withProgress(`build ${clientPath(name)}`, () => buildClient(name))
    } catch (error) {
      faults.push(`${name} could not be built: ${String(error)}`)
    }
  }
}

async function setUpModule(
  name: string,
  isInstalled: () => boolean,
  install: () => Promise<void>,
): Promise<void> {
  if (isInstalled()) return
  try {
    await withProgress(`install ${name}`, install)
  } catch (error) {
    faults.push(`${name} could not be installed: ${String(error)}`)
  }
}

async function hasGo(): Promise<boolean> {
  return runCommand('go', ['version']).then(
    ({ status }) => status === 0,
    () => false,
  )
}

/** Shows that something slow is under way, and how long it took. */
async function withProgress(what: string, work: () => Promise<void>): Promise<void> {
  const started = Date.now()
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`
  console.log(`set-up: ${what}`)
  const timer = setInterval(() => console.log(`set-up: ${what}: ${seconds()} so far`), 15_000)
  try {
    await work()
    console.log(`set-up: ${what}: done in ${seconds()}`)
  } finally {
    clearInterval(timer)
  }
}
