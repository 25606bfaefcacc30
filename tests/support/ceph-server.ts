import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { mustRun } from './command.ts'
import { eventually } from './eventually.ts'
import { makeFolder } from './folder.ts'
import { findFreePort } from './free-port.ts'
import { startServerProcess } from './server-process.ts'

export interface CephServer {
  url: string
  /** Of one user, for both interfaces. */
  s3: { accessKeyId: string; secretAccessKey: string }
  /** The variables of a chart store, without the container. */
  swiftEnv: Record<string, string>
}

/** Short, so that every test of some length needs more than one. */
const TOKEN_SECONDS = 2

export const CEPH_PROGRAMS = ['ceph-mon', 'ceph-osd', 'radosgw'] as const

/**
 * A real Ceph cluster of one monitor and one object store daemon in memory, with a gateway (RGW) that speaks S3 and Swift, until
 * the test ends. It takes about four seconds.
 */
export async function startCeph(t: TestContext): Promise<CephServer> {
  const folder = await makeFolder(t)
  const [monitorPort, port] = [await findFreePort(), await findFreePort()]
  const id = randomUUID()
  const address = `[v1:127.0.0.1:${monitorPort}/0]`
  const config = join(folder, 'ceph.conf')
  await writeFile(config, describeCluster(folder, id, address, port))
  for (const name of ['mon', 'osd', 'rgw', 'run']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'keyring'), '')

  const run = (program: string, ...args: string[]) => mustRun(program, args, { timeoutMs: 60_000 })
  // A monitor that listens is not yet one that answers.
  const ask = (...args: string[]) => eventually(() => run('ceph', '-c', config, ...args))
  const start = (program: string, listeningPort: number | undefined, ...args: string[]) =>
    startServerProcess(t, program, ['-c', config, '-f', ...args], {
      port: listeningPort,
      folder,
      logFile: join(folder, `${program}.out`),
      endSignal: 'SIGKILL',
    })

  const map = join(folder, 'monmap')
  await run('monmaptool', '--create', '--fsid', id, '--addv', 'a', address, map)
  await run('ceph-mon', '-c', config, '-i', 'a', '--mkfs', '--monmap', map)
  await start('ceph-mon', monitorPort, '-i', 'a')
  const daemon = randomUUID()
  await ask('osd', 'new', daemon)
  await run('ceph-osd', '-c', config, '-i', '0', '--mkfs', '--osd-uuid', daemon)
  await start('ceph-osd', undefined, '-i', '0')
  await ask('osd', 'crush', 'add', 'osd.0', '1', 'root=default', 'host=a')

  const secret = () => randomBytes(16).toString('hex')
  const s3 = { accessKeyId: 'chartgate', secretAccessKey: secret() }
  const key = secret()
  const user = ['user', 'create', '--uid=charts', '--display-name=charts']
  const keys = [`--access-key=${s3.accessKeyId}`, `--secret=${s3.secretAccessKey}`]
  await run('radosgw-admin', '-c', config, ...user, ...keys)
  const subuser = ['subuser', 'create', '--uid=charts', '--subuser=charts:swift', '--access=full']
  await run('radosgw-admin', '-c', config, ...subuser, '--key-type=swift', `--secret=${key}`)
  await start('radosgw', port, '-n', 'client.rgw')
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    s3,
    swiftEnv: {
      STORAGE: 'openstack',
      STORAGE_OPENSTACK_AUTH: 'v1',
      ST_AUTH: `${url}/auth/v1.0`,
      ST_USER: 'charts:swift',
      ST_KEY: key,
    },
  }
}

/** Everything in the folder and on loopback; no authentication among the daemons, no second replica, nothing that waits. */
function describeCluster(folder: string, id: string, address: string, port: number): string {
  return `[global]
fsid = ${id}
mon host = ${address}
mon initial members = a
ms bind msgr2 = false
public network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
run dir = ${folder}/run
admin socket = ${folder}/run/$name.$pid.asok
pid file = ${folder}/run/$name.pid
log file = ${folder}/$name.log
keyring = ${folder}/keyring
mon data = ${folder}/mon
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class update on start = false
osd crush update on start = false
mon allow pool size one = true
paxos propose interval = 0.05
paxos min wait = 0.01
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw data = ${folder}/rgw
# Told to nobody: a client learns of it by a 401.
rgw swift token expiration = ${TOKEN_SECONDS}
`
}
