import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { createGcsObjects } from '../chartstore/storage/gcs-objects.ts'
import { loadGoogleConfig } from '../chartstore/storage/google-config.ts'
import { createObjectStorage } from '../chartstore/storage/object-storage.ts'
import { startFaultProxy } from './support/fault-proxy.ts'
import { checkFaultRules, type FaultyBackend, rulesOn } from './support/fault-rules.ts'
import { makeFolder } from './support/folder.ts'
import { startGcsServer } from './support/gcs-server.ts'
import { skipWithout } from './support/real-clients.ts'

/** A storage with little patience, whose way to its server can fail. */
async function openThroughProxy(t: TestContext): Promise<FaultyBackend> {
  const server = await startGcsServer(t)
  const proxy = await startFaultProxy(t, server.url)
  const config = loadGoogleConfig({ ...server.env, STORAGE_GOOGLE_ENDPOINT: proxy.url })
  const patience = { connect: 1000, answer: 300 }
  const storage = await createObjectStorage({
    objects: createGcsObjects(config, pino({ level: 'silent' }), patience),
    prefix: '',
    needsExclusiveCreate: true,
    patience,
    tempDir: await makeFolder(t),
  })
  return {
    storage,
    proxy,
    isUpload: ({ path }, fileName) =>
      path.startsWith('/upload/') && readName(path).endsWith(`/${fileName}`),
    isDownload: ({ path }, fileName) => {
      const [name = '', query = ''] = path.split('?')
      return query.includes('alt=media') && decodeURIComponent(name).endsWith(`/${fileName}`)
    },
  }
}

function readName(path: string): string {
  return new URL(path, 'http://x').searchParams.get('name') ?? ''
}

test('google: what goes wrong on the way', { skip: skipWithout('fake-gcs-server') }, async (t) => {
  const backend = await openThroughProxy(t)
  await checkFaultRules(rulesOn(t, backend), backend)
})
