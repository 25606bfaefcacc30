import assert from 'node:assert/strict'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { z } from 'zod'

const responseSchema = z.looseObject({
  content: z.record(z.string(), z.looseObject({})).optional(),
})

const operationSchema = z.looseObject({
  summary: z.string(),
  tags: z.array(z.string()),
  responses: z.record(z.string(), responseSchema),
})

const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
})

export type ApiDocument = z.output<typeof documentSchema>

/** What an API says of itself, to hold its answers against. */
export interface ApiDescription {
  document: ApiDocument
  /** Fails where the answer is not one that the description has. */
  check: (answer: {
    method: string
    /** Without the query. */
    path: string
    status: number
    contentType: string | undefined
    body: unknown
  }) => void
}

export async function readApiDescription(url: string): Promise<ApiDescription> {
  const response = await fetch(`${url}/api/v2.0/openapi.json`)
  assert.equal(response.status, 200)
  const document = documentSchema.parse(await response.json())
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  // a CommonJS module, whose default is its exports
  addFormats.default(ajv)
  ajv.addSchema(document, 'document')
  const validators = new Map<string, ValidateFunction>()
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
  }))

  const validatorAt = (...pointer: string[]): ValidateFunction => {
    const reference = `document#/${pointer.map(escapePointer).join('/')}`
    const known = validators.get(reference)
    if (known !== undefined) return known
    const made = ajv.compile({ $ref: reference })
    validators.set(reference, made)
    return made
  }

  return {
    document,
    check: ({ method, path, status, contentType, body }) => {
      // literal paths come first: `/users/current` is also a `/users/{id}`
      const candidates = templates
        .filter(({ pattern }) => pattern.test(path))
        .sort((left, right) => countParameters(left.template) - countParameters(right.template))
      const key = method === 'HEAD' ? 'head' : method.toLowerCase()
      const found = candidates
        .map(({ template }) => ({ template, operation: document.paths[template]?.[key] }))
        .find(({ operation }) => operation !== undefined)
      // HEAD where there is only GET, and what is refused before there is a route
      if (found?.operation === undefined) return
      const what = `${method} ${path} ${status}`
      const described = found.operation.responses[status] === undefined ? 'default' : String(status)
      if (described === 'default') assert.ok(status >= 400, `${what} is not described`)
      const content = found.operation.responses[described]?.content
      if (method === 'HEAD') return
      if (content === undefined) {
        assert.equal(body, '', `${what}: no body is described`)
        return
      }
      const type = contentType?.split(';')[0] ?? ''
      assert.ok(type in content, `${what}: ${type} is not described`)
      const validate = validatorAt(
        ...['paths', found.template, key, 'responses', described, 'content', type, 'schema'],
      )
      if (!validate(body)) assert.fail(`${what}: ${ajv.errorsText(validate.errors)}`)
    },
  }
}

function countParameters(template: string): number {
  return template.split('{').length
}

/** RFC 6901, inside a URI fragment. */
function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
