import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { readApiDescription } from './support/api-description.ts'
import { startGateway } from './support/gateway.ts'

test('the description of the API is valid OpenAPI 3.1, and has what is there', async (t) => {
  const gateway = await startGateway(t)
  const { document } = await readApiDescription(gateway.url)
  const operations = Object.entries(document.paths).flatMap(([template, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ template, method, operation })),
  )

  await t.test('it is valid', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate(structuredClone(document))
    assert.ok(valid, JSON.stringify(errors))
    assert.equal(validator.version, '3.1')
  })

  await t.test('no operation is missing from the gateway', async () => {
    for (const { template, method } of operations) {
      const path = template.replaceAll(/\{\w+\}/g, '999999')
      const response = await gateway.get(path, { method: method.toUpperCase() })
      const text = await response.text()
      const isUnknown = response.status === 405 || /path \S+ was not found/.test(text)
      assert.ok(!isUnknown, `${method} ${template}: ${response.status} ${text}`)
    }
  })

  await t.test('the page that shows it loads nothing from elsewhere', async () => {
    const page = await gateway.get('/api/v2.0/docs')
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
    const html = await page.text()
    const sources = [...html.matchAll(/(?:src|href|spec-url)="([^"]+)"/g)].map(([, url]) => url)
    assert.deepEqual(sources, ['docs/rapidoc.js', 'openapi.json'])
    for (const source of sources) {
      const part = await gateway.get(`/api/v2.0/${source}`)
      assert.equal(part.status, 200)
      await part.arrayBuffer()
    }
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none';/)
    const etag = page.headers.get('etag') ?? ''
    const again = await gateway.get('/api/v2.0/docs', { headers: { 'if-none-match': etag } })
    assert.equal(again.status, 304)
  })

  await t.test('each operation has a summary and one part that it belongs to', () => {
    for (const { template, method, operation } of operations) {
      assert.match(operation.summary, /^[A-Z].*[^.]$/, `${method} ${template}`)
      assert.equal(operation.tags.length, 1, `${method} ${template}`)
    }
  })
})
