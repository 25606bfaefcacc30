/**
 * Every way in which a request can fail. Thrown anywhere at or above the domain, rendered in one place
 * (`send-error.ts`), in the wire format of the route.
 */
export class HttpError extends Error {
  override name = 'HttpError'
  readonly status: number
  /** Harbor's error code, for the `errors` array. */
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    options: { cause?: unknown; headers?: Record<string, string> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.status = status
    this.code = code
    this.headers = options.headers ?? {}
  }
}

export class BadRequest extends HttpError {
  constructor(message: string) {
    super(400, 'BAD_REQUEST', message)
  }
}

/** No identity, or one that was presented and is wrong. The route's renderer adds the challenge. */
export class Unauthorized extends HttpError {
  constructor(message = 'unauthorized') {
    super(401, 'UNAUTHORIZED', message)
  }
}

export class Forbidden extends HttpError {
  constructor(message = 'forbidden') {
    super(403, 'FORBIDDEN', message)
  }
}

export class NotFound extends HttpError {
  constructor(message: string) {
    super(404, 'NOT_FOUND', message)
  }
}

export class MethodNotAllowed extends HttpError {
  constructor(method: string, allowed: readonly string[]) {
    super(
      405,
      'METHOD_NOT_ALLOWED',
      `method ${method} is not allowed, but [${allowed.join(',')}] are`,
      {
        headers: { allow: allowed.join(', ') },
      },
    )
  }
}

export class Conflict extends HttpError {
  constructor(message: string) {
    super(409, 'CONFLICT', message)
  }
}

export class PreconditionFailed extends HttpError {
  constructor(message: string) {
    super(412, 'PRECONDITION', message)
  }
}

export class UnprocessableEntity extends HttpError {
  constructor(message: string) {
    super(422, 'UNPROCESSABLE_ENTITY', message)
  }
}

export class TooManyRequests extends HttpError {
  constructor(message: string, retryAfterSeconds: number) {
    super(429, 'TOO_MANY_REQUESTS', message, {
      headers: { 'retry-after': String(retryAfterSeconds) },
    })
  }
}

export class BadGateway extends HttpError {
  constructor(cause?: unknown) {
    super(502, 'BAD_GATEWAY', 'chart store unavailable', { cause })
  }
}

/** Postgres cannot be asked: nobody is let in on a guess. */
export class ServiceUnavailable extends HttpError {
  constructor(message: string, cause?: unknown) {
    super(503, 'SERVICE_UNAVAILABLE', message, { cause, headers: { 'retry-after': '1' } })
  }
}

export class GatewayTimeout extends HttpError {
  constructor(cause?: unknown) {
    super(504, 'GATEWAY_TIMEOUT', 'chart store did not answer in time', { cause })
  }
}
