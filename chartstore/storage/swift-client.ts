import type { OutgoingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { Patience } from './patience.ts'
import { withinTime, withRetries } from './retry.ts'
import type { SwiftConfig } from './swift-config.ts'
import { createSwiftHttp, isTransient, requireSuccess, type SwiftAnswer } from './swift-http.ts'
import { logIn } from './swift-login.ts'
import { createSwiftSessions } from './swift-session.ts'

export interface SwiftCall {
  method: string
  /** Below the container, or its query. */
  path: string
  headers?: OutgoingHttpHeaders
  body?: Buffer | Readable
}

/** Calls on one container, with a token that is renewed as it has to be. */
export interface SwiftClient {
  /** One attempt. @throws {SwiftRefusal} */
  send: (call: SwiftCall, signal: AbortSignal) => Promise<SwiftAnswer>
  /** Several where that may help, each with a limit to its time that holds for `read` too. */
  ask: <Result>(
    call: SwiftCall,
    read: (answer: SwiftAnswer) => Promise<Result> | Result,
  ) => Promise<Result>
}

/** @throws {StartError} for an authority that cannot be read. */
export function createSwiftClient(config: SwiftConfig, patience: Patience): SwiftClient {
  const http = createSwiftHttp(config)
  const sessions = createSwiftSessions(() =>
    withinTime((signal) => logIn(config, http, signal), patience.answer),
  )
  const container = encodeURIComponent(config.container)

  const send = async (
    call: SwiftCall,
    signal: AbortSignal,
    // What is streamed is gone after the first attempt.
    mayLogInAgain = !(call.body instanceof Readable),
  ): Promise<SwiftAnswer> => {
    const { path, ...request } = call
    const { token, storageUrl } = await sessions.current()
    const url = `${storageUrl}/${container}${path}`
    const headers = { ...request.headers, 'x-auth-token': token }
    const answer = await http({ ...request, url, headers, signal })
    if (answer.status === 401) sessions.end(token)
    if (answer.status !== 401 || !mayLogInAgain) return requireSuccess(answer)
    answer.body.resume()
    return send(call, signal, false)
  }

  return {
    send,
    ask: (call, read) =>
      withRetries(async (signal) => read(await send(call, signal)), {
        attemptMs: patience.answer,
        isTransient,
      }),
  }
}
