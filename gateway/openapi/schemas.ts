import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

export type JsonSchema = Record<string, unknown>

/** The schemas of one document: those with an id stand in it once, and are referred to. */
export interface SchemaCollection {
  /** @param side whether it is what a client writes or what it reads: transformations make the two differ. */
  describe: (schema: z.ZodType, side: 'input' | 'output') => JsonSchema
  /** Those with an id. */
  named: () => Record<string, JsonSchema>
}

export function createSchemaCollection(): SchemaCollection {
  const named = new Map<string, JsonSchema>()

  const keep = (id: string, schema: JsonSchema) => {
    const { id: _id, ...described } = schema
    const known = named.get(id)
    if (known !== undefined && !isDeepStrictEqual(known, described)) {
      throw new Error(`two schemas have the id ${id}`)
    }
    named.set(id, described)
  }

  return {
    describe: (schema, side) => {
      // inside another one, so that one with an id is referred to as well
      const made = z.toJSONSchema(z.object({ schema }), { io: side, override: withoutNoise })
      const { $defs = {}, properties } = toComponents(made)
      for (const [id, definition] of Object.entries($defs)) keep(id, definition)
      return properties.schema
    },
    named: () => Object.fromEntries([...named].sort(([left], [right]) => (left < right ? -1 : 1))),
  }
}

interface Wrapped {
  $defs?: Record<string, JsonSchema>
  properties: { schema: JsonSchema }
}

/** References as OpenAPI has them. */
function toComponents(schema: object): Wrapped {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')
  return JSON.parse(text) as Wrapped
}

/** Leaves out what tells a client nothing. */
function withoutNoise({ jsonSchema }: { jsonSchema: JsonSchema }): void {
  // a limit of JavaScript
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  // the formats say it in a word
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
}
