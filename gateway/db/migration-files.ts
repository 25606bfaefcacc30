import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export const MIGRATIONS_DIR = fileURLToPath(new URL('../../migrations/', import.meta.url))

export interface Migration {
  /** The four digits of the file name, as a number. */
  version: number
  name: string
  sql: string
  checksum: string
}

/** The files `NNNN_name.sql`, in order. `schema.sql`, the dump, is none of them. */
export async function readMigrations(directory = MIGRATIONS_DIR): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (fileName) => {
      // a checkout may have turned line ends; the statements are the same
      const sql = (await readFile(`${directory}/${fileName}`, 'utf8')).replaceAll('\r\n', '\n')
      return {
        version: Number(fileName.slice(0, 4)),
        name: fileName.slice(5, -'.sql'.length),
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      }
    }),
  )
}
