import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** What the disk itself takes to make a small file durable: 4 KB, fsync, a new name, fsync of the directory. */
export async function measureDisk(
  folder: string,
  { writers, seconds }: { writers: number; seconds: number },
): Promise<number[]> {
  const times: number[] = []
  const bytes = Buffer.alloc(4096, 'x')
  const until = performance.now() + seconds * 1000
  const write = async (writer: number) => {
    for (let number = 0; performance.now() < until; number += 1) {
      const started = performance.now()
      const path = join(folder, `disk-${writer}-${number}`)
      const file = await open(`${path}.half`, 'w')
      await file.writeFile(bytes)
      await file.sync()
      await file.close()
      await rename(`${path}.half`, path)
      const directory = await open(folder, 'r')
      await directory.sync()
      await directory.close()
      times.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  return times
}
