import type { IncomingMessage } from 'node:http'
import proxyAddress from 'proxy-addr'

/** Whether it is believed what an address says of the one before it. @param hop how many are nearer to us. */
export type IsTrustedProxy = (address: string, hop: number) => boolean

/** By Express's setting `trust proxy`, as Express reads it. */
export function createProxyTrust(setting: false | number | string): IsTrustedProxy {
  if (typeof setting === 'number') return (_address, hop) => hop < setting
  const names = setting === false ? [] : setting.split(',').map((name) => name.trim())
  return proxyAddress.compile(names)
}

/** Who asks: the nearest address that is no trusted proxy's. */
export function addressOf(req: IncomingMessage, isTrustedProxy: IsTrustedProxy): string {
  const isForwarded = req.headers['x-forwarded-for'] !== undefined
  return isForwarded ? proxyAddress(req, isTrustedProxy) : (req.socket.remoteAddress ?? '')
}
