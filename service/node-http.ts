/**
 * What servers need of `node:http`. Imported as an ES module it has all its names looked at, and one of them, `WebSocket`, loads
 * Node's whole HTTP client: 30 ms of every start.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http')
