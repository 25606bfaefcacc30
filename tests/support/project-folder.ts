import { join } from 'node:path'

/** The folder of the repository that the tests belong to. */
export const PROJECT_FOLDER = join(import.meta.dirname, '..', '..')
