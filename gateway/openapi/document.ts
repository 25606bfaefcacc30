import { z } from 'zod'
import type { Operation } from '../http/operation.ts'
import type { Routes } from '../http/rest-router.ts'
import { CSRF_HEADER, SESSION_COOKIE } from '../sessions/cookies.ts'
import { describeChartRoutes } from './chart-paths.ts'
import { createSchemaCollection, type JsonSchema, type SchemaCollection } from './schemas.ts'

/** Routes that belong together, and the path that they are mounted at. */
export interface ApiPart {
  tag: string
  path: string
  routes: Routes
}

export type OpenApiDocument = Record<string, unknown>

/** Harbor's error body (spec/harbor.md 3.1). */
const errorModel = z
  .object({ errors: z.array(z.object({ code: z.string(), message: z.string() })) })
  .meta({ id: 'Errors' })

/** The whole API in OpenAPI 3.1, made from the schemas that requests are read by. */
export function createDocument(parts: readonly ApiPart[], version: string): OpenApiDocument {
  const schemas = createSchemaCollection()
  const paths: Record<string, Record<string, object>> = {}
  for (const { tag, path, routes } of parts) {
    for (const [route, operations] of Object.entries(routes)) {
      const { template, parameters } = readPath(`${path}${route === '/' ? '' : route}`)
      const described = Object.entries(operations).map(([method, operation]) => [
        method.toLowerCase(),
        { tags: [tag], ...describeOperation(operation, parameters, schemas) },
      ])
      paths[template] = { ...paths[template], ...Object.fromEntries(described) }
    }
  }
  const charts = describeChartRoutes(readPath, schemas)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chartgate',
      version,
      description:
        'The paths that Harbor 1.7 had under /api answer as well, and are not described here.',
    },
    security: [{ basic: [] }, { token: [] }, { session: [] }, {}],
    paths: { ...charts, ...paths },
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        token: { type: 'http', scheme: 'bearer', description: 'A token of /service/token' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: SESSION_COOKIE,
          description: `Of POST /c/login. What changes something needs ${CSRF_HEADER} of the answer before it.`,
        },
      },
      schemas: schemas.named(),
    },
  }
}

function describeOperation(
  { summary, query, body, status, answer }: Operation,
  pathParameters: readonly object[],
  schemas: SchemaCollection,
): object {
  const content = (schema: z.ZodType, side: 'input' | 'output') => {
    const described = schemas.describe(schema, side)
    return {
      [described.type === 'string' ? 'text/plain' : 'application/json']: { schema: described },
    }
  }
  return {
    summary,
    parameters: [...pathParameters, ...describeQuery(query, schemas)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: content(body, 'input') } }),
    responses: {
      [status]: {
        description: status === 201 ? 'Created' : 'Done',
        ...(status === 201 ? { headers: LOCATION } : {}),
        ...(answer === undefined ? {} : { content: content(answer, 'output') }),
      },
      default: { description: 'Refused or failed', content: content(errorModel, 'output') },
    },
  }
}

const LOCATION = {
  Location: { description: 'Path of what was created', schema: { type: 'string' } },
}

function describeQuery(query: z.ZodObject, schemas: SchemaCollection): object[] {
  const { properties = {}, required = [] } = schemas.describe(query, 'output') as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

/** What stands in paths. Every parameter must be here: the document is made at the start, and fails without. */
const PATH_PARAMETERS: Readonly<Record<string, { description: string; type: string }>> = {
  project: {
    description: 'Name or id; digits are an id unless X-Is-Resource-Name',
    type: 'string',
  },
  id: { description: 'Id', type: 'integer' },
  metadata: { description: 'Name of the metadata', type: 'string' },
  mid: { description: 'Id of the member', type: 'integer' },
  chart: { description: 'Name of the chart', type: 'string' },
  version: { description: 'Version of the chart', type: 'string' },
  label: { description: 'Id of the label', type: 'integer' },
  fileName: { description: 'name-version.tgz, or that with .prov', type: 'string' },
}

/** `/projects/:project` as OpenAPI writes it, and its parameters. */
function readPath(path: string): { template: string; parameters: object[] } {
  const parameters: object[] = []
  const template = path.replaceAll(/:(\w+)/g, (_match, name: string) => {
    const known = PATH_PARAMETERS[name]
    if (known === undefined) throw new Error(`the path parameter ${name} is not documented`)
    const { description, type } = known
    parameters.push({ name, in: 'path', required: true, description, schema: { type } })
    return `{${name}}`
  })
  return { template, parameters }
}
