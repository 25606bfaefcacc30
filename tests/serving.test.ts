import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { createCertificate } from './support/certificate.ts'
import { buildChart } from './support/chart-package.ts'
import { mustRun, runCommand } from './support/command.ts'
import { makeFolder } from './support/folder.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { outcome, postRaw } from './support/store-client.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

const local = (dir: string, env: Record<string, string>) => ({ STORAGE_LOCAL_ROOTDIR: dir, ...env })

/** Status and headers, with the request's headers as they are given. */
function ask(url: string, method: string, headers: Record<string, string>) {
  return new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
    request(url, { method, headers }, (answer) => {
      answer.resume()
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers })
    })
      .once('error', reject)
      .end()
  })
}

test('below a context path, and nowhere else, the store is as without one', async (t) => {
  const store = await startStoreProcess(
    t,
    local(await makeFolder(t), {
      CONTEXT_PATH: '/charts/x/',
      CHART_URL: 'https://c.example',
      ENABLE_METRICS: 'true',
    }),
    undefined,
    '/charts/x/health',
  )
  const status = async (path: string) => (await fetch(`${store.url}${path}`)).status
  const bytes = await buildChart({ name: 'a', version: '1.0.0' })
  const saved = await outcome(postRaw(`${store.url}/charts/x/api/p/charts`, bytes))
  assert.deepEqual(saved, [201, { saved: true }])
  const index = await (await fetch(`${store.url}/charts/x/p/index.yaml`)).text()
  assert.match(index, /\nserverInfo:\n {2}contextPath: "\/charts\/x"\n$/)
  assert.match(index, /"https:\/\/c\.example\/charts\/x\/p\/charts\/a-1\.0\.0\.tgz"/)
  assert.equal(await status('/charts/x/p/charts/a-1.0.0.tgz'), 200)
  assert.equal(await status('/metrics'), 200)
  for (const path of ['/health', '/p/index.yaml', '/charts/xp/index.yaml', '/charts/x/metrics/a']) {
    assert.equal(await status(path), 404, path)
  }
})

test('with a certificate the store speaks HTTPS, and asks clients for theirs where told to', {
  skip: skipWithoutPrograms('openssl', 'curl'),
}, async (t) => {
  const folder = await makeFolder(t)
  await createCertificate(folder)
  const files = { TLS_CERT: join(folder, 'tls.crt'), TLS_KEY: join(folder, 'tls.key') }
  const ca = join(folder, 'ca.crt')
  const curl = (url: string, ...args: string[]) =>
    runCommand('curl', ['-sS', '-w', '%{http_code}', '--cacert', ca, ...args, `${url}/health`])

  const open = await startStoreProcess(t, local(join(folder, 'one'), files), undefined, false)
  assert.match(open.url, /^https:/)
  assert.equal((await curl(open.url)).stdout, '{"healthy":true}200')

  const env = { ...files, TLS_CA_CERT: ca }
  const closed = await startStoreProcess(t, local(join(folder, 'two'), env), undefined, false)
  assert.notEqual((await curl(closed.url)).status, 0)
  const own = ['--cert', files.TLS_CERT, '--key', files.TLS_KEY]
  assert.equal((await curl(closed.url, ...own)).stdout, '{"healthy":true}200')
})

test('TLS files that are no pair, or cannot be read, are a start error', {
  skip: skipWithoutPrograms('openssl'),
}, async (t) => {
  const folder = await makeFolder(t)
  await createCertificate(folder)
  const start = (args: string[]) =>
    runCommand(process.execPath, [
      'chartstore/main.ts',
      `--storage-local-rootdir=${folder}`,
      ...args,
    ])
  const cert = `--tls-cert=${join(folder, 'tls.crt')}`
  const rows: [string[], RegExp][] = [
    [[cert], /TLS_CERT and TLS_KEY go together/],
    [[cert, `--tls-key=${join(folder, 'none')}`], /TLS_KEY: cannot read .*none/],
    [[cert, `--tls-key=${join(folder, 'ca.key')}`], /TLS_CERT and TLS_KEY cannot be used/],
    [[`--tls-ca-cert=${cert}`], /TLS_CA_CERT needs TLS_CERT and TLS_KEY/],
  ]
  for (const [args, expected] of rows) {
    const { status, stderr } = await start(args)
    assert.equal(status, 78)
    assert.match(stderr, expected)
  }
})

test('pages of the origins that are allowed may use the store, and no others', async (t) => {
  const { url } = await startStoreProcess(
    t,
    local(await makeFolder(t), {
      CORS_ALLOW_ORIGIN: 'https://a.example, https://b.example',
      BASIC_AUTH_USER: 'u',
      BASIC_AUTH_PASS: 'p',
    }),
  )
  const preflight = { origin: 'https://b.example', 'access-control-request-method': 'POST' }
  const allowed = await ask(`${url}/api/p/charts`, 'OPTIONS', preflight)
  assert.equal(allowed.status, 204)
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://b.example')
  assert.match(String(allowed.headers['access-control-allow-methods']), /\bPOST\b/)
  assert.match(String(allowed.headers['access-control-allow-headers']), /\bAuthorization\b/)
  assert.equal(allowed.headers.vary, 'Origin')

  // Also on errors, so that a page can read them.
  const refused = await ask(`${url}/p/index.yaml`, 'GET', { origin: 'https://a.example' })
  assert.equal(refused.status, 401)
  assert.equal(refused.headers['access-control-allow-origin'], 'https://a.example')

  const other = await ask(`${url}/p/index.yaml`, 'GET', { origin: 'https://evil.example' })
  assert.equal(other.headers['access-control-allow-origin'], undefined)
  const plain = await ask(`${url}/p/index.yaml`, 'OPTIONS', {})
  assert.equal(plain.status, 404)
})

test('metrics have ChartMuseum’s names, and labels that no client can multiply', async (t) => {
  const { url } = await startStoreProcess(
    t,
    local(await makeFolder(t), {
      ENABLE_METRICS: 'true',
      BASIC_AUTH_USER: 'u',
      BASIC_AUTH_PASS: 'p',
    }),
  )
  const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`
  for (const version of ['1.0.0', '2.0.0']) {
    const body = new Blob([await buildChart({ name: 'a', version })])
    await fetch(`${url}/api/team/charts?x=${version}`, {
      method: 'POST',
      body,
      headers: { authorization },
    })
  }
  for (let n = 0; n < 30; n++) {
    await fetch(`${url}/nobody-${n}/index.yaml?q=${n}`, { headers: { authorization } })
    await fetch(`${url}/no/such/route/${n}`)
  }
  const text = await (await fetch(`${url}/metrics`)).text()
  const value = (line: string) => text.split('\n').find((row) => row.startsWith(`${line} `))
  assert.equal(
    value('chartmuseum_charts_served_total{repo="team"}'),
    'chartmuseum_charts_served_total{repo="team"} 1',
  )
  assert.match(value('chartmuseum_chart_versions_served_total{repo="team"}') ?? '', / 2$/)
  const uploads = 'chartmuseum_requests_total{code="201",method="POST",url="/api/:repo/charts"}'
  assert.equal(value(uploads), `${uploads} 2`)
  const reads = 'chartmuseum_requests_total{code="200",method="GET",url="/:repo/index.yaml"}'
  assert.equal(value(reads), `${reads} 30`)
  assert.match(text, /^chartmuseum_request_duration_seconds_bucket\{le="0\.005",/m)
  assert.match(text, /^chartmuseum_response_size_bytes_count \d+$/m)
  assert.match(text, /^process_resident_memory_bytes /m)
  assert.doesNotMatch(text, /nobody|such|x=/)
})

test('a page of one’s own is at the root, with its files, and nothing outside of them', async (t) => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'web/static/css'), { recursive: true })
  await writeFile(join(folder, 'web/index.html'), '<h1>Our charts</h1>')
  await writeFile(join(folder, 'web/static/css/a.css'), 'body{}')
  await writeFile(join(folder, 'secret'), 'secret')
  await symlink(join(folder, 'secret'), join(folder, 'web/static/link'))
  const { url } = await startStoreProcess(
    t,
    local(join(folder, 'charts'), { WEB_TEMPLATE_PATH: join(folder, 'web') }),
  )
  assert.equal(await (await fetch(url)).text(), '<h1>Our charts</h1>')
  const css = await fetch(`${url}/static/css/a.css`)
  assert.equal(css.headers.get('content-type'), 'text/css; charset=utf-8')
  assert.equal(await css.text(), 'body{}')
  const etag = css.headers.get('etag') ?? ''
  const again = await fetch(`${url}/static/css/a.css`, { headers: { 'if-none-match': etag } })
  assert.equal(again.status, 304)
  const paths = ['/static/link', '/static/css', '/static/', '/static/..%2f..%2fsecret']
  for (const path of [...paths, '/static/%2e%2e/index.html']) {
    const stdout = await mustCurl('--path-as-is', `${url}${path}`)
    assert.match(stdout, /^4\d\d$/, path)
  }
})

function mustCurl(...args: string[]) {
  return mustRun('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...args])
}

test('Artifact Hub finds out whose a repository is', async (t) => {
  const one = await startStoreProcess(
    t,
    local(await makeFolder(t), { ARTIFACT_HUB_REPO_ID: 'p=one' }),
  )
  const read = async (path: string) => {
    const response = await fetch(`${one.url}${path}`)
    return [response.status, response.headers.get('content-type'), await response.text()]
  }
  assert.deepEqual(await read('/p/artifacthub-repo.yml'), [
    200,
    'application/x-yaml',
    'repositoryID: one\n',
  ])
  const [status, , body] = await read('/q/artifacthub-repo.yml')
  assert.deepEqual([status, body], [404, '{"error":"Artifact Hub repository ID not found"}'])
})

test('a certificate is renewed on SIGHUP without a restart', {
  skip: skipWithoutPrograms('openssl'),
}, async (t) => {
  const folder = await makeFolder(t)
  await createCertificate(folder)
  const { url, signal } = await startStoreProcess(
    t,
    local(join(folder, 'charts'), {
      TLS_CERT: join(folder, 'tls.crt'),
      TLS_KEY: join(folder, 'tls.key'),
    }),
    undefined,
    false,
  )
  const fingerprint = () =>
    execFileSync('sh', [
      '-c',
      `openssl s_client -connect ${new URL(url).host} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint`,
    ]).toString()
  const before = fingerprint()
  await createCertificate(folder)
  assert.equal(fingerprint(), before)
  signal('SIGHUP')
  await new Promise((resolve) => setTimeout(resolve, 500))
  assert.notEqual(fingerprint(), before)
})
