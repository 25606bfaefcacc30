import { toJson } from '../chart/go-value.ts'
import { parseGoYaml } from '../chart/go-yaml.ts'
import { readChartFiles } from '../chart/read-files.ts'
import type { Answer } from '../http/answer.ts'
import { json } from '../http/replies.ts'
import type { RouteContext } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'
import { findVersion } from './charts.ts'
import type { HandlerDeps } from './handler-deps.ts'

/** Parts of a package: its templates and its values.yaml. */
export function createContentsHandlers({ files, indexes }: HandlerDeps) {
  const read = async (context: RouteContext, isWanted: (path: string) => boolean) => {
    const repo = context.params.repo ?? ''
    const document = await (await indexes.forReading(repo)).current()
    const file = await files.get(repo, findVersion(document, context).fileName)
    return readChartFiles(file.stream(), isWanted)
  }

  return {
    templates: async (context: RouteContext): Promise<Answer> => {
      const files = await read(context, isTemplateOrValues)
      const values = files.get(VALUES)
      files.delete(VALUES)
      const templates = [...files].map(([name, data]) => ({ name, data: data.toString('base64') }))
      return json({
        templates: templates.length === 0 ? null : templates,
        values: values === undefined ? null : parseValues(values),
      })
    },
    values: async (context: RouteContext): Promise<Answer> => {
      const values = (await read(context, (path) => path === VALUES)).get(VALUES)
      if (values === undefined) throw new StoreError(404, 'values.yaml not found')
      return { status: 200, headers: { 'content-type': 'application/yaml' }, body: values }
    },
  }
}

const VALUES = 'values.yaml'

function isTemplateOrValues(path: string): boolean {
  return path === VALUES || path.startsWith('templates/')
}

function parseValues(content: Buffer): unknown {
  return toJson(parseGoYaml(content.toString('utf8')))
}
