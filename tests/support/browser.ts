import assert from 'node:assert/strict'
import { PASSWORD, type TestGateway } from './gateway.ts'

export interface BrowserRequest {
  method?: string
  headers?: Record<string, string>
  /** An object is sent as JSON. */
  body?: FormData | URLSearchParams | string | object
  /** Whether it comes from a page of ours, which knows the CSRF token of the last answer. */
  hasToken?: boolean
}

export type Browser = ReturnType<typeof createBrowser>

/** What a browser keeps and sends by itself: cookies; and what a page of ours does: the CSRF token. */
export function createBrowser() {
  const cookies = new Map<string, string>()
  let token: string | undefined

  const send = async (
    gateway: Pick<TestGateway, 'url'>,
    path: string,
    { method = 'GET', headers = {}, body, hasToken = true }: BrowserRequest = {},
  ): Promise<Response> => {
    const isRaw =
      body === undefined ||
      typeof body === 'string' ||
      body instanceof FormData ||
      body instanceof URLSearchParams
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: {
        ...(cookies.size === 0 ? {} : { cookie: formatCookies() }),
        ...(isRaw ? {} : { 'content-type': 'application/json' }),
        ...(hasToken && token !== undefined ? { 'x-harbor-csrf-token': token } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    })
    response.headers.getSetCookie().forEach(keepCookie)
    token = response.headers.get('x-harbor-csrf-token') ?? token
    return response
  }
  const formatCookies = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const keepCookie = (line: string) => {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/; Max-Age=0/.test(line)) cookies.delete(name)
    else cookies.set(name, value)
  }

  return {
    cookies,
    send,
    /** As Terraform does it: a POST without a token is refused, and repeated with the one that came with the refusal. */
    login: async (gateway: Pick<TestGateway, 'url'>, principal: string, password = PASSWORD) => {
      const body = new URLSearchParams({ principal, password })
      const first = await send(gateway, '/c/login', { method: 'POST', body })
      if (first.status !== 403) return first
      return send(gateway, '/c/login', { method: 'POST', body })
    },
    /** Whom the gateway takes the browser for: `anonymous`, or a name. */
    whoAmI: async (gateway: Pick<TestGateway, 'url'>): Promise<string> => {
      const answer = await send(gateway, '/api/v2.0/users/current')
      if (answer.status === 401) return 'anonymous'
      assert.equal(answer.status, 200)
      const { username } = (await answer.json()) as { username: string }
      return username
    },
  }
}
