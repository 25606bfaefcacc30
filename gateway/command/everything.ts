import { type Page, toPage } from '../http/pagination.ts'

/** A list whole. */
export const EVERYTHING: Page = toPage({ page_size: -1 })
