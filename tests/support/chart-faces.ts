import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { keepBodies } from '../../gateway/charts/kept-bodies.ts'
import { createRemoteStore } from '../../gateway/charts/remote-store.ts'
import { createEmbeddedStore } from '../../gateway/embedded-chartstore.ts'
import { loadEmbeddedConfig } from '../../gateway/embedded-config.ts'
import { type ChartApi, chartsOfGateway, chartsOfStore } from './chart-api.ts'
import { makeFolder } from './folder.ts'
import { basic, startGateway } from './gateway.ts'
import { startStore } from './running-store.ts'

/** How clients get to a chart store. */
export const FACES = ['a store', 'a gateway', 'a gateway before a store'] as const

export type Face = (typeof FACES)[number]

/** The charts of a private project for somebody who may do everything, at a store with these settings. */
export interface OpenFace extends ChartApi {
  isGateway: boolean
}

export async function openFace(
  t: TestContext,
  face: Face,
  env: Record<string, string> = {},
): Promise<OpenFace> {
  if (face === 'a store') {
    const { url } = await startStore(t, { env })
    return { ...chartsOfStore(url), isGateway: false }
  }
  const gateway = await startGateway(t, { store: await makeStore(t, face, env) })
  await gateway.accounts.createUser('ann', true)
  await gateway.accounts.createProject('p')
  const headers = { authorization: basic('ann') }
  return { ...chartsOfGateway(gateway.url, 'p', headers), isGateway: true }
}

async function makeStore(t: TestContext, face: Face, env: Record<string, string>) {
  const log = pino({ level: 'silent' })
  if (face === 'a gateway') {
    return createEmbeddedStore(loadEmbeddedConfig(env, join(await makeFolder(t), 'data')), log)
  }
  const { url } = await startStore(t, { env })
  return keepBodies(createRemoteStore({ url, user: '', password: '', timeoutMs: 10_000, log }), log)
}
