import { z } from 'zod'
import { BadGateway } from '../http/errors.ts'

/**
 * A version as the store's JSON API gives it (spec/chartmuseum.md 1.4): what is needed here is checked, all else passes
 * through as it is.
 */
const checkedSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  created: z.string().default(''),
  urls: z.array(z.string()).default([]),
  icon: z.string().optional(),
  home: z.string().optional(),
  deprecated: z.boolean().optional(),
})

export type ChartVersion = z.output<typeof checkedSchema>

/** zod would put the keys that it knows first; clients see them in the store's order, as Harbor's did. */
const orderedSchema = z.unknown().transform((value, context): ChartVersion => {
  const checked = checkedSchema.safeParse(value)
  if (checked.success) return Object.assign({}, value, checked.data)
  context.addIssue({ code: 'custom', message: checked.error.message })
  return z.NEVER
})

const chartVersionsSchema = z.array(orderedSchema)

const chartListSchema = z.record(z.string(), chartVersionsSchema)

/** @throws {BadGateway} for what no chart store answers. */
export function parseChartVersion(json: unknown): ChartVersion {
  return parse(orderedSchema, json)
}

export function parseChartVersions(json: unknown): ChartVersion[] {
  return parse(chartVersionsSchema, json)
}

/** Versions by chart, newest first. */
export function parseChartList(json: unknown): Record<string, ChartVersion[]> {
  return parse(chartListSchema, json)
}

function parse<Output>(schema: z.ZodType<Output>, json: unknown): Output {
  const parsed = schema.safeParse(json)
  if (!parsed.success) throw new BadGateway(parsed.error)
  return parsed.data
}
