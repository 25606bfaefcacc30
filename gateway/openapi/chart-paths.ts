import { z } from 'zod'
import { CHART_ROUTES, type ChartRouteKind } from '../charts/chart-route-table.ts'
import { labelReferenceBody } from '../charts/version-label-requests.ts'
import { fullLabelModel } from '../labels/describe-label.ts'
import type { SchemaCollection } from './schemas.ts'

interface ChartOperation {
  summary: string
  /** Media types of the body that it takes, and its schema where it is JSON. */
  takes?: { types: readonly string[]; schema?: z.ZodType }
  status?: 201
  /** What comes back: a media type, with its schema where it is JSON. */
  answers?: { type: string; schema?: z.ZodType }
}

const JSON_TYPE = 'application/json'
const PACKAGE = { types: ['application/octet-stream', 'multipart/form-data'] }

/** cm-push reads `error`, Harbor's clients read `errors`. */
const chartErrorModel = z
  .object({
    error: z.string(),
    errors: z.array(z.object({ code: z.string(), message: z.string() })),
  })
  .meta({ id: 'ChartErrors' })

const savedModel = z.object({ saved: z.boolean() }).meta({ id: 'Saved' })

const summaryModel = z
  .object({
    name: z.string(),
    total_versions: z.int(),
    latest_version: z.string(),
    created: z.string(),
    updated: z.string(),
    icon: z.string(),
    home: z.string(),
    deprecated: z.boolean(),
  })
  .meta({ id: 'ChartSummary' })

/** What a Chart.yaml may say beside this is passed on. */
const versionModel = z
  .looseObject({
    name: z.string(),
    version: z.string(),
    created: z.string(),
    digest: z.string().optional(),
    urls: z.array(z.string()),
  })
  .meta({ id: 'ChartVersion' })

const labelledVersionModel = versionModel
  .extend({ labels: z.array(fullLabelModel) })
  .meta({ id: 'LabelledChartVersion' })

const detailsModel = z
  .object({
    metadata: versionModel,
    dependencies: z.array(z.looseObject({ name: z.string() })),
    values: z.record(z.string(), z.unknown()),
    files: z.record(z.string(), z.string()),
    security: z.object({ signature: z.object({ signed: z.boolean(), prov_file: z.string() }) }),
    labels: z.array(fullLabelModel),
  })
  .meta({ id: 'ChartVersionDetails' })

const OPERATIONS: Readonly<Record<ChartRouteKind, ChartOperation>> = {
  'merged-index': {
    summary: 'The index of all charts that the caller may read, as project/chart',
    answers: { type: 'application/x-yaml' },
  },
  health: {
    summary: 'Tell how the chart store is',
    answers: { type: JSON_TYPE, schema: z.object({ healthy: z.boolean() }) },
  },
  index: { summary: 'The index of a project', answers: { type: 'application/x-yaml' } },
  download: {
    summary: 'A chart package (.tgz) or its provenance (.tgz.prov); ranges are served',
    answers: { type: 'application/x-tar' },
  },
  list: {
    summary: 'List the charts of a project',
    answers: { type: JSON_TYPE, schema: z.array(summaryModel) },
  },
  upload: {
    summary: 'Upload a chart; the parts of a form are chart and prov; ?force overwrites',
    takes: PACKAGE,
    status: 201,
    answers: { type: JSON_TYPE, schema: savedModel },
  },
  'upload-provenance': {
    summary: 'Upload the provenance of a chart',
    takes: { types: ['application/octet-stream'] },
    status: 201,
    answers: { type: JSON_TYPE, schema: savedModel },
  },
  versions: {
    summary: 'List the versions of a chart, newest first, with their labels',
    answers: { type: JSON_TYPE, schema: z.array(labelledVersionModel) },
  },
  'delete-chart': { summary: 'Delete all versions of a chart' },
  details: {
    summary: 'Tell of a version: metadata, values, README, signature, labels',
    answers: { type: JSON_TYPE, schema: detailsModel },
  },
  'delete-version': { summary: 'Delete a version and its provenance' },
  labels: {
    summary: 'List the labels of a version',
    answers: { type: JSON_TYPE, schema: z.array(fullLabelModel) },
  },
  'add-label': {
    summary: 'Put a label of the project, or of the system, on a version',
    takes: { types: [JSON_TYPE], schema: labelReferenceBody },
  },
  'remove-label': { summary: 'Take a label off a version' },
}

/** The chart routes in OpenAPI's form, by path. */
export function describeChartRoutes(
  readPath: (path: string) => { template: string; parameters: object[] },
  schemas: SchemaCollection,
): Record<string, object> {
  const paths: Record<string, Record<string, object>> = {}
  const failed = { [JSON_TYPE]: { schema: schemas.describe(chartErrorModel, 'output') } }
  for (const { kind, methods, path, permission, query = [] } of CHART_ROUTES) {
    const { template, parameters } = readPath(`/${path.join('/')}`)
    const { summary, takes, status = 200, answers } = OPERATIONS[kind]
    const operation = {
      tags: ['Charts'],
      summary,
      ...(permission === undefined ? {} : { description: `Needs ${permission}.` }),
      parameters: [
        ...parameters,
        ...query.map((name) => ({
          name,
          in: 'query',
          description: 'Counts by its presence',
          allowEmptyValue: true,
          schema: { type: 'string' },
        })),
      ],
      ...(takes === undefined
        ? {}
        : {
            requestBody: {
              required: true,
              content: byType(takes.types, describe(takes.schema, schemas, 'input')),
            },
          }),
      responses: {
        [status]: {
          description: 'Done',
          ...(answers === undefined
            ? {}
            : { content: byType([answers.type], describe(answers.schema, schemas, 'output')) }),
        },
        default: { description: 'Refused or failed', content: failed },
      },
    }
    // HEAD is GET without the body
    for (const method of methods.filter((method) => method !== 'HEAD')) {
      paths[template] = { ...paths[template], [method.toLowerCase()]: operation }
    }
  }
  return paths
}

function describe(
  schema: z.ZodType | undefined,
  schemas: SchemaCollection,
  side: 'input' | 'output',
): object {
  return schema === undefined ? {} : { schema: schemas.describe(schema, side) }
}

function byType(types: readonly string[], content: object): object {
  return Object.fromEntries(types.map((type) => [type, content]))
}
