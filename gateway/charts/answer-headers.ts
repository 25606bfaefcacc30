/** Of the store's answer these are between it and us, or are set by us. */
const OWN_ANSWER_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'server',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  'x-powered-by',
  'x-request-id',
])

/** The headers of a store's answer that go to the client. */
export function selectAnswerHeaders<Value>(
  headers: Readonly<Record<string, Value | undefined>>,
): Record<string, Value> {
  const passing = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || OWN_ANSWER_HEADERS.has(name) ? [] : [[name, value] as const],
  )
  return Object.fromEntries(passing)
}
