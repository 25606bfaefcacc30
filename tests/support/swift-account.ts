import assert from 'node:assert/strict'
import { loadSwiftConfig } from '../../chartstore/storage/swift-config.ts'
import { createSwiftHttp } from '../../chartstore/storage/swift-http.ts'
import { logIn } from '../../chartstore/storage/swift-login.ts'
import { createSwiftSessions } from '../../chartstore/storage/swift-session.ts'

/** Another program's access to an account. */
export interface SwiftAccount {
  createContainer: (name: string) => Promise<void>
  /** With everything in it. */
  removeContainer: (name: string) => Promise<void>
  put: (container: string, key: string, content: Buffer | string) => Promise<void>
  keys: (container: string) => Promise<string[]>
}

/** @param env of a chart store, without the container. */
export function createSwiftAccount(env: Record<string, string>): SwiftAccount {
  const config = loadSwiftConfig({ ...env, STORAGE_OPENSTACK_CONTAINER: 'any' })
  const http = createSwiftHttp(config)
  const login = createSwiftSessions(() => logIn(config, http, AbortSignal.timeout(10_000)))

  const call = async (
    method: string,
    path: string,
    body?: Buffer | string,
    mayLogInAgain = true,
  ): Promise<string> => {
    const { token, storageUrl } = await login.current()
    const answer = await fetch(`${storageUrl}/${path}`, {
      method,
      headers: { 'x-auth-token': token },
      ...(body === undefined ? {} : { body: new Blob([body]) }),
    })
    if (answer.status === 401 && mayLogInAgain) {
      login.end(token)
      return call(method, path, body, false)
    }
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
    return answer.text()
  }

  const keys = async (container: string) => {
    const found: string[] = []
    for (;;) {
      const marker = encodeURIComponent(found.at(-1) ?? '')
      const page = await call('GET', `${container}?marker=${marker}`)
      if (page === '') return found
      found.push(...page.trimEnd().split('\n'))
    }
  }

  return {
    createContainer: async (name) => void (await call('PUT', name)),
    removeContainer: async (name) => {
      for (const key of await keys(name)) await call('DELETE', `${name}/${encodeURI(key)}`)
      await call('DELETE', name)
    },
    put: async (container, key, content) =>
      void (await call('PUT', `${container}/${encodeURI(key)}`, content)),
    keys,
  }
}
