import type { Env } from '../service/env.ts'
import type { Logger } from '../service/log.ts'
import type { GatewayConfig } from './config.ts'
import { prepare } from './prepare.ts'
import { type StartedGateway, startInSteps } from './steps.ts'

/** Starts everything that a gateway is made of in this process, from the database up. @throws {StartError} */
export function startGateway(
  config: GatewayConfig,
  env: Env,
  log: Logger,
): Promise<StartedGateway> {
  return startInSteps(async (stops) => {
    const loadServe = () => import('./serve.ts')
    const prepared = await prepare({ config, env, log, stops, meanwhile: loadServe })
    const { serve } = await loadServe()
    return { url: await serve({ ...prepared, env, log }, config, stops) }
  })
}
