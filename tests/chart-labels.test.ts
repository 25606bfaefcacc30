import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { buildChart } from './support/chart-package.ts'
import { curl } from './support/curl.ts'
import { PASSWORD, startGateway, type TestGateway } from './support/gateway.ts'
import { createdId, createRestClient } from './support/rest-client.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

interface Answer {
  status: number
  location: string | null
  body: unknown
}

/** One gateway for all: users `root`, `dev` and `mallory`. */
async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  await accounts.createUser('root', true)
  const dev = await accounts.createUser('dev')
  const mallory = await accounts.createUser('mallory')
  const api = createRestClient(gateway)
  let projects = 0
  /** Projects of the test's own: `team` with developer dev and chart hello 1.0.0, `other` with project admin mallory. */
  const enter = async () => {
    projects += 1
    const [team, other] = [`team${projects}`, `other${projects}`]
    const teamId = await accounts.createProject(team)
    const otherId = await accounts.createProject(other)
    await accounts.addMember(teamId, dev, ROLE.developer)
    await accounts.addMember(otherId, mallory, ROLE.projectAdmin)
    await upload(gateway, team, 'hello', '1.0.0')
    return { team, teamId, other, otherId }
  }
  const makeLabel = async (name: string, projectId?: number) => {
    const scope = projectId === undefined ? 'g' : 'p'
    return createdId(
      await api.post('/labels', { name, scope, project_id: projectId }, { as: 'root' }),
    )
  }
  const send = async (
    method: string,
    path: string,
    content?: unknown,
    as = 'dev',
  ): Promise<Answer> => {
    const response = await gateway.get(path, {
      method,
      as,
      headers: content === undefined ? {} : { 'content-type': 'application/json' },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      location: response.headers.get('location'),
      body: text === '' ? '' : JSON.parse(text),
    }
  }
  /** The names of the labels of each version that the list of versions shows. */
  const shown = async (project: string, chart: string) => {
    const { body } = await send(
      'GET',
      `/api/chartrepo/${project}/charts/${chart}`,
      undefined,
      'root',
    )
    assert.ok(Array.isArray(body), JSON.stringify(body))
    return Object.fromEntries(
      body.map(({ version, labels }) => [
        version,
        labels.map(({ name }: { name: string }) => name),
      ]),
    )
  }
  return { gateway, api, send, shown, makeLabel, enter, mallory }
}

async function upload(gateway: TestGateway, project: string, name: string, version: string) {
  const body = await buildChart({ name, version })
  const path = `/api/chartrepo/${project}/charts`
  const response = await gateway.get(path, { as: 'root', method: 'POST', body })
  assert.equal(response.status, 201, await response.text())
}

const failure = (code: string, message: string) => ({ error: message, errors: [{ code, message }] })

test('labels on chart versions', async (t) => {
  const { gateway, api, send, shown, makeLabel, enter, mallory } = await start(t)

  for (const root of ['/api/chartrepo', '/api/v2.0/chartrepo']) {
    await t.test(`labels are put on a version, listed and taken off under ${root}`, async () => {
      const { team, teamId } = await enter()
      const id = await makeLabel('prod', teamId)
      const path = `${root}/${team}/charts/hello/1.0.0/labels`
      assert.deepEqual(await send('GET', path), { status: 200, location: null, body: [] })
      assert.deepEqual(await send('POST', path, { id }), {
        status: 200,
        location: `${path}/${id}`,
        body: '',
      })
      const { body } = await send('GET', path)
      assert.ok(Array.isArray(body))
      const { creation_time, update_time, ...label } = body[0]
      assert.ok(creation_time === update_time && Date.parse(creation_time) > 0)
      assert.deepEqual(
        [body.length, label],
        [
          1,
          {
            id,
            name: 'prod',
            description: '',
            color: '',
            scope: 'p',
            project_id: teamId,
            deleted: false,
          },
        ],
      )
      assert.deepEqual(await send('POST', path, { id }), {
        status: 409,
        location: null,
        body: failure(
          'CONFLICT',
          `conflict: c '${team}/hello:1.0.0' is already marked with label '${id}'`,
        ),
      })
      assert.deepEqual(await send('DELETE', `${path}/${id}`), {
        status: 200,
        location: null,
        body: '',
      })
      assert.deepEqual(await send('DELETE', `${path}/${id}`), {
        status: 404,
        location: null,
        body: failure('NOT_FOUND', `not found: label '${id}' on c '${team}/hello:1.0.0'`),
      })
    })

    await t.test(
      `what cannot be labelled, or be a label, is refused in the words of Harbor under ${root}`,
      async () => {
        const { team, teamId, otherId } = await enter()
        const id = await makeLabel('prod', teamId)
        const foreign = await makeLabel('foreign', otherId)
        const path = `${root}/${team}/charts/hello/1.0.0/labels`
        const notOurs =
          "can not add labels which don't belong to the project to the resources under the project"
        const cases: [string, string, unknown, number, string | RegExp][] = [
          ['POST', path, { id: 999_999 }, 404, "not found: label '999999'"],
          ['POST', path, { id: 9_007_199_254_740_991 }, 404, "not found: label '9007199254740991'"],
          ['POST', path, { id: foreign }, 400, notOurs],
          ['POST', path, { id: 'x' }, 400, /^id in body is not valid/],
          ['POST', path, {}, 422, 'id in body is required'],
          ['POST', path, undefined, 415, /^unsupported media type/],
          ['DELETE', `${path}/${foreign}`, undefined, 404, /^not found: label '\d+' on c 'team/],
          ['DELETE', `${path}/999999`, undefined, 404, /^not found: label '999999' on c 'team/],
          ['DELETE', `${path}/x`, undefined, 400, 'the id of a label is a number'],
          ['PUT', path, { id }, 405, 'method PUT is not allowed, but [GET,POST] are'],
        ]
        const missing = [
          'hello/2.0.0',
          'none/1.0.0',
          'hello/latest',
          'hello/^1',
          'hello/1.0',
          'hello/v1.0.0',
        ]
        for (const version of missing) {
          const labels = `${root}/${team}/charts/${version}/labels`
          cases.push(
            ['GET', labels, undefined, 404, /^no chart/],
            ['POST', labels, { id }, 404, /^no chart/],
            ['DELETE', `${labels}/${id}`, undefined, 404, /^no chart/],
          )
        }
        for (const [method, target, content, status, message] of cases) {
          const answer = await send(method, target, content)
          const what = `${method} ${target} ${JSON.stringify(answer.body)}`
          assert.equal(answer.status, status, what)
          const { error, errors } = Object(answer.body)
          assert.equal(errors[0].message, error, what)
          if (typeof message === 'string') assert.equal(error, message)
          else assert.match(error, message)
        }
        assert.deepEqual((await send('GET', path)).body, [])
      },
    )

    await t.test(
      `a path is read once under ${root}: what it hides is refused, what it may hold is the version`,
      async () => {
        const { team, teamId, other } = await enter()
        const id = await makeLabel('prod', teamId)
        await upload(gateway, team, 'hello', '1.0.0+b.1')
        await upload(gateway, other, 'hello', '1.0.0')
        for (const path of [
          `${root}/${team}/charts/hello/1.0.0%2Flabels`,
          `${root}/${team}%2F..%2F${other}/charts/hello/1.0.0/labels`,
          `${root}/${other}%2f/charts/hello/1.0.0/labels`,
        ]) {
          assert.equal((await send('POST', path, { id })).status, 400, path)
        }
        assert.equal(
          (await send('POST', `${root}/${team}/charts/hello/1.0.0/Labels`, { id })).status,
          404,
        )
        const path = `${root}/${team}/charts/%68ello/1.0.0%2Bb.1/labels`
        assert.equal((await send('POST', `${path}/?x=1`, { id })).location, `${path}/${id}`)
        assert.deepEqual(await shown(team, 'hello'), { '1.0.0+b.1': ['prod'], '1.0.0': [] })
        assert.equal((await send('DELETE', `${path}/${id}`)).status, 200)
      },
    )
  }

  await t.test('a label of the system goes on the charts of every project', async () => {
    const { team } = await enter()
    const id = await makeLabel('everywhere')
    const path = `/api/chartrepo/${team}/charts/hello/1.0.0/labels`
    assert.equal((await send('POST', path, { id })).status, 200)
    assert.deepEqual(await shown(team, 'hello'), { '1.0.0': ['everywhere'] })
    const { body } = await send('GET', path)
    assert.partialDeepStrictEqual(body, [{ scope: 'g', project_id: 0 }])
  })

  await t.test(
    'versions and details show the labels of each version, whatever name asks for it',
    async () => {
      const { team, teamId } = await enter()
      await upload(gateway, team, 'hello', '2.0.0')
      const [b, a] = [await makeLabel('b', teamId), await makeLabel('a', teamId)]
      const label = (version: string, id: number) =>
        send('POST', `/api/chartrepo/${team}/charts/hello/${version}/labels`, { id })
      for (const id of [b, a]) assert.equal((await label('2.0.0', id)).status, 200)
      assert.equal((await label('1.0.0', a)).status, 200)
      assert.deepEqual(await shown(team, 'hello'), { '2.0.0': ['a', 'b'], '1.0.0': ['a'] })
      for (const [version, names] of [
        ['1.0.0', ['a']],
        ['2.0.0', ['a', 'b']],
        ['latest', ['a', 'b']],
      ] as const) {
        const { body } = await send('GET', `/api/chartrepo/${team}/charts/hello/${version}`)
        const { labels, metadata } = Object(body)
        assert.deepEqual(
          labels.map(({ name }: { name: string }) => name),
          names,
        )
        assert.equal('labels' in metadata, false)
      }
    },
  )

  await t.test(
    'an overwritten version keeps its labels, a deleted one comes back without',
    async () => {
      const { team, teamId } = await enter()
      const id = await makeLabel('prod', teamId)
      const version = `/api/chartrepo/${team}/charts/hello/1.0.0`
      assert.equal((await send('POST', `${version}/labels`, { id })).status, 200)
      await upload(gateway, team, 'hello', '1.0.0')
      assert.deepEqual(await shown(team, 'hello'), { '1.0.0': ['prod'] })
      assert.equal((await send('DELETE', version, undefined, 'root')).status, 200)
      await upload(gateway, team, 'hello', '1.0.0')
      assert.deepEqual(await shown(team, 'hello'), { '1.0.0': [] })
    },
  )

  await t.test('a version that could not be deleted keeps its labels', async () => {
    const { team, teamId } = await enter()
    const id = await makeLabel('prod', teamId)
    const version = `/api/chartrepo/${team}/charts/hello/1.0.0`
    assert.equal((await send('POST', `${version}/labels`, { id })).status, 200)
    assert.equal((await send('DELETE', version)).status, 403)
    assert.equal((await send('DELETE', `${version}.0`, undefined, 'root')).status, 404)
    assert.deepEqual(await shown(team, 'hello'), { '1.0.0': ['prod'] })
  })

  await t.test(
    'a version loses its labels also when it is deleted by another split of its file name',
    async () => {
      const { team, teamId } = await enter()
      const id = await makeLabel('prod', teamId)
      await upload(gateway, team, 'hello', '1.0.0-rc-1')
      const labels = `/api/chartrepo/${team}/charts/hello/1.0.0-rc-1/labels`
      assert.equal((await send('POST', labels, { id })).status, 200)
      const split = `/api/chartrepo/${team}/charts/hello-1.0.0-rc/1`
      assert.equal((await send('DELETE', split, undefined, 'root')).status, 200)
      await upload(gateway, team, 'hello', '1.0.0-rc-1')
      assert.deepEqual(await shown(team, 'hello'), { '1.0.0': [], '1.0.0-rc-1': [] })
    },
  )

  await t.test('a deleted chart loses the labels of all its versions, and no others', async () => {
    const { team, teamId, other, otherId } = await enter()
    await upload(gateway, team, 'hello', '2.0.0')
    await upload(gateway, team, 'hello2', '1.0.0')
    await upload(gateway, other, 'hello', '1.0.0')
    const id = await makeLabel('prod', teamId)
    const foreign = await makeLabel('foreign', otherId)
    const label = async (project: string, version: string, labelId: number) => {
      const path = `/api/chartrepo/${project}/charts/${version}/labels`
      assert.equal((await send('POST', path, { id: labelId }, 'root')).status, 200)
    }
    await label(team, 'hello/1.0.0', id)
    await label(team, 'hello/2.0.0', id)
    await label(team, 'hello2/1.0.0', id)
    await label(other, 'hello/1.0.0', foreign)
    const chart = `/api/chartrepo/${team}/charts/hello`
    assert.equal((await send('DELETE', chart, undefined, 'root')).status, 200)
    for (const version of ['1.0.0', '2.0.0']) await upload(gateway, team, 'hello', version)
    assert.deepEqual(await shown(team, 'hello'), { '2.0.0': [], '1.0.0': [] })
    assert.deepEqual(await shown(team, 'hello2'), { '1.0.0': ['prod'] })
    assert.deepEqual(await shown(other, 'hello'), { '1.0.0': ['foreign'] })
  })

  await t.test('a deleted label goes from the charts that it was on', async () => {
    const { team, teamId } = await enter()
    const [id, second] = [await makeLabel('prod', teamId), await makeLabel('dev', teamId)]
    const labels = `/api/chartrepo/${team}/charts/hello/1.0.0/labels`
    for (const one of [id, second]) {
      assert.equal((await send('POST', labels, { id: one })).status, 200)
    }
    assert.equal((await api.delete(`/labels/${id}`, { as: 'root' })).status, 200)
    assert.deepEqual(await shown(team, 'hello'), { '1.0.0': ['dev'] })
  })

  await t.test('with a project go all labels on its charts, those of the system too', async () => {
    const { other, otherId } = await enter()
    const id = await makeLabel('of the system')
    // as a package leaves it that is taken out of storage by hand
    const row = [otherId, 'hello', '1.0.0', id]
    await gateway.db.query('insert into chart_version_labels values ($1, $2, $3, $4)', row)
    assert.equal((await api.delete(`/projects/${other}`, { as: 'root' })).status, 200)
    const left = await gateway.db.query('select from chart_version_labels where project_id = $1', [
      otherId,
    ])
    assert.equal(left.rowCount, 0)
  })

  for (const [name, role] of Object.entries(ROLE)) {
    await t.test(`a ${name} of one project reaches the labels of no other`, async () => {
      const { team, teamId, other, otherId } = await enter()
      await gateway.accounts.removeMember(otherId, mallory)
      await gateway.accounts.addMember(otherId, mallory, role)
      await upload(gateway, other, 'hello', '1.0.0')
      const [id, foreign] = [await makeLabel('prod', teamId), await makeLabel('foreign', otherId)]
      const ours = `/api/chartrepo/${team}/charts/hello/1.0.0/labels`
      const theirs = `/api/chartrepo/${other}/charts/hello/1.0.0/labels`
      assert.equal((await send('POST', ours, { id })).status, 200)
      for (const [method, path, content] of [
        ['GET', ours, undefined],
        ['POST', ours, { id: foreign }],
        ['DELETE', `${ours}/${id}`, undefined],
      ] as const) {
        assert.deepEqual(await send(method, path, content, 'mallory'), {
          status: 403,
          location: null,
          body: failure('FORBIDDEN', 'mallory'),
        })
      }
      // through their own project they reach neither the label nor what it is on
      const isGuest = role === ROLE.guest || role === ROLE.limitedGuest
      const attached = await send('POST', theirs, { id }, 'mallory')
      assert.equal(attached.status, isGuest ? 403 : 400)
      const detached = await send('DELETE', `${theirs}/${id}`, undefined, 'mallory')
      assert.equal(detached.status, isGuest ? 403 : 404)
      assert.deepEqual(await shown(team, 'hello'), { '1.0.0': ['prod'] })
      assert.deepEqual(await shown(other, 'hello'), { '1.0.0': [] })
    })
  }

  await t.test(
    'a client that waits to be asked for its body is asked',
    {
      skip: skipWithoutPrograms('curl'),
    },
    async () => {
      const { team, teamId } = await enter()
      const id = await makeLabel('prod', teamId)
      const answer = await curl(
        ...['-u', `dev:${PASSWORD}`, '-H', 'content-type: application/json', '-d', `{"id":${id}}`],
        ...['-H', 'Expect: 100-continue', '--expect100-timeout', '60', '--max-time', '30'],
        `${gateway.url}/api/chartrepo/${team}/charts/hello/1.0.0/labels`,
      )
      assert.deepEqual(answer, { status: 200, body: '' })
    },
  )

  await t.test(
    'a hundred put the same label on at once: one does, and the others hear that it is there',
    async () => {
      const { team, teamId } = await enter()
      const id = await makeLabel('prod', teamId)
      const path = `/api/chartrepo/${team}/charts/hello/1.0.0/labels`
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => send('POST', path, { id })),
      )
      const statuses = answers.map(({ status }) => status).sort()
      assert.deepEqual(statuses, [200, ...Array(99).fill(409)])
      assert.deepEqual(await shown(team, 'hello'), { '1.0.0': ['prod'] })
    },
  )
})
