import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpError } from '../gateway/http/errors.ts'
import { type Condition, parseQuery, parseSort } from '../gateway/http/query-language.ts'

test('each operator of q, with its escapes and quotes', () => {
  const cases: [string, Condition][] = [
    ['k=v', { kind: 'exact', value: 'v' }],
    ['k= v ', { kind: 'exact', value: 'v' }],
    ['k=a=b', { kind: 'exact', value: 'a=b' }],
    ['k="v w"', { kind: 'exact', value: 'v w' }],
    [`k='v'`, { kind: 'exact', value: 'v' }],
    [`k="v'`, { kind: 'exact', value: `"v'` }],
    ['k=\\~v', { kind: 'exact', value: '~v' }],
    ['k=\\[v]', { kind: 'exact', value: '[v]' }],
    ['k=\\{v}', { kind: 'exact', value: '{v}' }],
    ['k=\\(v)', { kind: 'exact', value: '(v)' }],
    ['k=\\\\v', { kind: 'exact', value: '\\v' }],
    ['k=\\"v"', { kind: 'exact', value: '"v"' }],
    ['k=~v', { kind: 'fuzzy', value: 'v' }],
    ['k=~~v', { kind: 'fuzzy', value: '~v' }],
    ['k=~\\v', { kind: 'fuzzy', value: '\\v' }],
    ['k=[a~b]', { kind: 'range', from: 'a', to: 'b' }],
    ['k=[ a ~ "b" ]', { kind: 'range', from: 'a', to: 'b' }],
    ['k=[a~]', { kind: 'range', from: 'a', to: undefined }],
    ['k=[~b]', { kind: 'range', from: undefined, to: 'b' }],
    ['k={a}', { kind: 'union', values: ['a'] }],
    ['k={a  "b" 7}', { kind: 'union', values: ['a', 'b', '7'] }],
    ['k=(a b)', { kind: 'intersection', values: ['a', 'b'] }],
    ['k%3Dv%201', { kind: 'exact', value: 'v 1' }],
    ['k=1.0.0+b', { kind: 'exact', value: '1.0.0+b' }],
    ['k=100%', { kind: 'exact', value: '100%' }],
  ]
  for (const [q, condition] of cases) {
    assert.deepEqual([...parseQuery(q)], [['k', condition]], q)
  }
})

test('conditions are joined by commas, and keys are Go fields or columns', () => {
  const keys = [...parseQuery('ProjectID=1,project_name=~x,creationTime=[~2]').keys()]
  assert.deepEqual(keys, ['projectid', 'projectname', 'creationtime'])
  assert.equal(parseQuery('').size, 0)
})

test('what is no condition is refused in the words of Harbor', () => {
  const incomplete = 'the query string must contain "=" and the key/value cannot be empty'
  const cases: [string, string][] = [
    ['k', incomplete],
    ['=v', incomplete],
    ['k=', incomplete],
    ['k=v,', incomplete],
    [',', incomplete],
    ['k=~', 'invalid query string value: ~'],
    ['k=[a]', 'invalid query string value: [a]'],
    ['k=[a~b', 'invalid query string value: [a~b'],
    ['k=[a~b~c]', 'invalid query string value: [a~b~c]'],
    ['k=[~]', 'invalid query string value: [~]'],
    ['k=[', 'invalid query string value: ['],
    ['k={a', 'invalid query string value: {a'],
    ['k={}', 'invalid query string value: {}'],
    ['k=(a}', 'invalid query string value: (a}'],
    ['k=%00', 'invalid query string value: k=%00'],
  ]
  for (const [q, message] of cases) {
    const isRefusal = (error: unknown) =>
      error instanceof HttpError && error.status === 400 && error.message === message
    assert.throws(() => parseQuery(q), isRefusal, q)
  }
})

test('sort names keys, with a minus for the other direction', () => {
  assert.deepEqual(parseSort('name, -creation_time'), [
    { key: 'name', isDescending: false },
    { key: 'creationtime', isDescending: true },
  ])
})
