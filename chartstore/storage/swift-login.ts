import { StartError } from '../../service/start-error.ts'
import { logInToKeystone } from './keystone-login.ts'
import type { SwiftConfig, SwiftV1Config } from './swift-config.ts'
import {
  isDistrust,
  isTransient,
  requireSuccess,
  type SwiftHttp,
  SwiftRefusal,
} from './swift-http.ts'

/** What a login gives. */
export interface SwiftSession {
  token: string
  /** Of the account, without a slash at the end. */
  storageUrl: string
  /** How long the token holds; undefined: nobody says. */
  lifetimeMs: number | undefined
}

/** Logs in once. @throws {StartError} for what only the operator can mend. */
export async function logIn(
  { auth }: SwiftConfig,
  http: SwiftHttp,
  signal: AbortSignal,
): Promise<SwiftSession> {
  try {
    return auth.kind === 'v1'
      ? await logInToV1(auth, http, signal)
      : await logInToKeystone(auth, http, signal)
  } catch (error) {
    const names = auth.kind === 'v1' ? V1_NAMES : KEYSTONE_NAMES
    if (isDistrust(error)) {
      throw new StartError(
        `${names.url}: the certificate of ${auth.url} is not trusted (${String(error)}): set STORAGE_OPENSTACK_CACERT`,
        { cause: error },
      )
    }
    if (!(error instanceof SwiftRefusal)) throw error
    if (error.status === 401 || error.status === 403) {
      throw new StartError(
        `${auth.url} refuses the credentials (${error.status}): check ${names.credential}`,
        { cause: error },
      )
    }
    if (isTransient(error)) throw error
    throw new StartError(
      `${names.url}: ${auth.url} gives no tokens (${error.status}): expected ${names.expected}`,
      { cause: error },
    )
  }
}

const V1_NAMES = {
  url: 'ST_AUTH',
  credential: 'ST_USER and ST_KEY',
  expected: 'a URL such as https://swift.example.com/auth/v1.0',
}

const KEYSTONE_NAMES = {
  url: 'OS_AUTH_URL',
  credential:
    'OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and their domains, or the application credential',
  expected: 'a Keystone that speaks v3',
}

async function logInToV1(
  { url, user, key }: SwiftV1Config,
  http: SwiftHttp,
  signal: AbortSignal,
): Promise<SwiftSession> {
  const headers = { 'x-auth-user': user, 'x-auth-key': key }
  const answer = requireSuccess(await http({ method: 'GET', url, headers, signal }))
  answer.body.resume()
  const { 'x-auth-token': token, 'x-storage-url': storageUrl } = answer.headers
  const seconds = Number(answer.headers['x-auth-token-expires'])
  if (typeof token !== 'string' || typeof storageUrl !== 'string') {
    throw new StartError(`ST_AUTH: ${url} answers without a token: expected ${V1_NAMES.expected}`)
  }
  return {
    token,
    storageUrl: storageUrl.replace(/\/+$/, ''),
    lifetimeMs: seconds > 0 ? seconds * 1000 : undefined,
  }
}
