/** Where the REST API is. */
export const API = '/api/v2.0'

/** Answers, if nothing else. */
export const PING = `${API}/ping`
export const PONG = 'Pong'
