import { readFile, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'

/**
 * A publication of several files in one project, written down before the first of them moves. Whoever finds it after a
 * crash finishes it: every spool that is still there goes to its place.
 */
const publicationSchema = z.object({
  project: z.string(),
  overwrite: z.boolean(),
  files: z.array(z.object({ fileName: z.string(), spool: z.string() })),
})

export type Publication = z.infer<typeof publicationSchema>

export async function writeJournal(path: string, publication: Publication): Promise<void> {
  await writeFile(path, JSON.stringify(publication), { flush: true })
}

export async function removeJournal(path: string): Promise<void> {
  await rm(path, { force: true })
}

/** undefined for one that a crash cut short: nothing of it had been published then. */
export async function readJournal(path: string): Promise<Publication | undefined> {
  try {
    return publicationSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}
