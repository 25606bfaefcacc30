import { z } from 'zod'
import { VERSION } from '../../service/version.ts'
import { operation } from '../http/operation.ts'
import type { Routes } from '../http/rest-router.ts'
import { type ApiPart, createDocument } from './document.ts'

/** The API's description of itself, among the other parts of it. */
export function createDocumentation(parts: readonly ApiPart[], path: string): ApiPart {
  const routes: Routes = {
    '/openapi.json': {
      GET: operation({
        summary: 'This document',
        answer: z.record(z.string(), z.unknown()),
        handle: () => ({ body: document }),
      }),
    },
  }
  const part: ApiPart = { tag: 'Documentation', path, routes }
  const document = createDocument([...parts, part], VERSION)
  return part
}
