import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readApiDescription } from './support/api-description.ts'
import { ACCESS_REQUESTS, makeRequest, nameOf } from './support/rest-access-requests.ts'
import { ACCESS_ROWS, type AccessRow, PRINCIPALS } from './support/rest-access-table.ts'
import { createAccessFixture } from './support/rest-access-world.ts'
import { createRestClient, type RestAnswer } from './support/rest-client.ts'

test('the route × principal table of the REST API', async (t) => {
  const { gateway, worlds, headersOf } = await createAccessFixture(t)
  const { document } = await readApiDescription(gateway.url)
  const api = createRestClient(gateway)
  const bodies = new Map<string, Set<string>>()

  await t.test('has a row for every route, and no other', () => {
    const described = Object.entries(document.paths)
      // charts have a table of their own, in chart-routes.test.ts
      .filter(([path]) => !/^(?:\/api(?:\/v2\.0)?)?\/chartrepo(?:\/|$)/.test(path))
      .flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m.toUpperCase()} ${path}`))
    const rows = new Set(ACCESS_ROWS.map(({ method, path }) => `${method} ${path}`))
    assert.deepEqual([...rows].sort(), described.sort())
  })

  await t.test('and no request that belongs to no row', () => {
    const rows = new Set(ACCESS_ROWS.map(nameOf))
    const strays = Object.keys(ACCESS_REQUESTS).filter((name) => !rows.has(name))
    assert.deepEqual(strays, [])
  })

  await t.test('says what each principal gets', async () => {
    const wrong: string[] = []
    for (const row of ACCESS_ROWS) {
      for (const kind of row.projects) {
        for (const principal of PRINCIPALS) {
          const world = worlds[kind]
          const request = await makeRequest(row, world)
          const headers = headersOf(principal, world)
          const answer = await api.send(row.method, request.path, request.body, { headers })
          const known = bodies.get(nameOf(row)) ?? new Set()
          bodies.set(nameOf(row), known.add(JSON.stringify(answer.body)))
          if (answer.status === row.statuses[principal]) continue
          wrong.push(describeMismatch(row, kind, principal, answer))
        }
      }
    }
    assert.deepEqual(wrong, [])
  })

  await t.test('and no answer has a hash, a secret or the inside of the program in it', () => {
    assert.ok(bodies.size > 0)
    for (const [name, texts] of bodies) {
      for (const text of texts) {
        assert.doesNotMatch(text, LEAK, name)
        // the description of the API names the fields
        if (name.endsWith('/openapi.json') || TELLS_SECRETS.test(name)) continue
        assert.doesNotMatch(text, SECRET_FIELD, name)
      }
    }
  })
})

/** Hashes of passwords, the password of the test accounts, SQL and stacks. */
const LEAK =
  /\$argon2|Passw0rd|\bselect\b.*\bfrom\b|\bat \S+ \(|node_modules|\.ts:\d|_pkey|relation \\"/
const SECRET_FIELD = /"[a-z_]*(?:password|secret|hash|salt|credential)[a-z_]*":/i

/** A robot's secret, told once. */
const TELLS_SECRETS = /^(?:POST \/api\/v2\.0\/.*robots|PATCH \/api\/v2\.0\/robots\/\{id\})/

function describeMismatch(row: AccessRow, kind: string, principal: string, answer: RestAnswer) {
  const expected = Object.entries(row.statuses).find(([name]) => name === principal)?.[1]
  const body = JSON.stringify(answer.body).slice(0, 200)
  return `${nameOf(row)} (${kind}) as ${principal}: ${answer.status} instead of ${expected}: ${body}`
}
