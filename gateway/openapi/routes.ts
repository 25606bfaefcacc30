import { z } from 'zod'
import { VERSION } from '../../service/version.ts'
import { operation } from '../http/operation.ts'
import type { Routes } from '../http/rest-router.ts'
import { type ApiPart, createDocument, type OpenApiDocument } from './document.ts'

/** The API's description of itself, among the other parts of it. Made when it is first asked for: it takes as long as all routes. */
export function createDocumentation(parts: readonly ApiPart[], path: string): ApiPart {
  let document: OpenApiDocument | undefined
  const routes: Routes = {
    '/openapi.json': {
      GET: operation({
        summary: 'This document',
        answer: z.record(z.string(), z.unknown()),
        handle: () => {
          document ??= createDocument([...parts, part], VERSION)
          return { body: document }
        },
      }),
    },
  }
  const part: ApiPart = { tag: 'Documentation', path, routes }
  return part
}
