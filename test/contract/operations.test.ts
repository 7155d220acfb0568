import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import Type from 'typebox'
import type { Operation } from '../../src/http/operation.ts'
import { text } from '../../src/http/query.ts'
import { ACCOUNT, basic, get } from '../support/test-server.ts'
import { serverWith } from './server-with.ts'

const PATH = '/v1/Video/Exports/{Name}'
const URL = '/v1/Video/Exports/may'
const described = { tag: 'Exports', path: PATH, summary: 'Made up', description: 'For this test.' }

/** Answers with a line for its account, its path, its query and its body. */
const createExport: Operation = {
  ...described,
  id: 'CreateExport',
  method: 'POST',
  parameters: { Sep: text({ description: 'What stands between two fields.' }) },
  mediaType: 'text/csv',
  response: Type.String(),
  async run(_context, { accountSid, params, query, body }) {
    return Readable.from([`${accountSid}${query['Sep']}`, `${params['Name']}\n`, `${body}\n`])
  },
}

const readExport: Operation = {
  ...described,
  id: 'FetchExport',
  method: 'GET',
  parameters: {},
  mediaType: 'text/csv',
  response: Type.String(),
  run: async () => Readable.from(['a,b\n', '1,2\n']),
}

const deleteExport: Operation = {
  ...described,
  id: 'DeleteExport',
  method: 'DELETE',
  parameters: {},
  run: async () => undefined,
}

const checkExport: Operation = {
  ...described,
  id: 'CheckExport',
  path: `${PATH}/Check`,
  method: 'POST',
  parameters: {},
  response: Type.Object({ ok: Type.Boolean() }),
  run: async () => '{"ok":   true}',
}

const operations = [createExport, readExport, deleteExport, checkExport]

test('an operation may be a POST with a body that is answered with a stream of CSV', async t => {
  const { app } = await serverWith(t, { operations })
  const response = await app.inject({
    method: 'POST',
    url: `${URL}?Sep=;`,
    headers: { ...basic(), 'content-type': 'text/csv' },
    body: 'x;y',
  })
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['content-type'], 'text/csv; charset=utf-8')
  assert.equal(response.headers['etag'], undefined)
  assert.equal(response.body, `${ACCOUNT};may\nx;y\n`)
})

test('a text is sent unchanged, and If-None-Match does not count for a POST', async t => {
  const { app } = await serverWith(t, { operations })
  const headers = { ...basic(), 'if-none-match': '*' }
  const response = await app.inject({ method: 'POST', url: `${URL}/Check`, headers })
  assert.deepEqual([response.statusCode, response.body], [200, '{"ok":   true}'])
  assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  assert.equal(response.headers['etag'], undefined)
})

test('a stream may answer a GET, and a HEAD gets its headers', async t => {
  const { app } = await serverWith(t, { operations })
  const full = await app.inject({ url: URL, headers: basic() })
  assert.equal(full.body, 'a,b\n1,2\n')
  const head = await app.inject({ method: 'HEAD', url: URL, headers: basic() })
  assert.deepEqual([head.statusCode, head.body], [200, ''])
  assert.equal(head.headers['content-type'], 'text/csv; charset=utf-8')
})

test('an operation without a schema for its answer is answered 204 without a body', async t => {
  const { app } = await serverWith(t, { operations })
  const response = await app.inject({ method: 'DELETE', url: URL, headers: basic() })
  assert.deepEqual([response.statusCode, response.body], [204, ''])
})

test('credentials are needed for every method, and Allow names all methods of the path', async t => {
  const { app } = await serverWith(t, { operations })
  for (const method of ['POST', 'GET', 'DELETE'] as const) {
    assert.equal((await app.inject({ method, url: URL })).statusCode, 401, method)
  }
  const response = await app.inject({ method: 'PUT', url: URL, headers: basic() })
  assert.equal(response.statusCode, 405)
  assert.deepEqual(String(response.headers['allow']).split(', ').sort(), [
    'DELETE',
    'GET',
    'HEAD',
    'OPTIONS',
    'POST',
  ])
})

test('the OpenAPI document has an entry for each method, with the media type of its answer', async t => {
  const server = await serverWith(t, { operations })
  const { body } = await get(server, '/openapi.json')
  const { post, get: read, delete: remove } = body.paths[PATH]
  assert.deepEqual(
    [post.operationId, read.operationId, remove.operationId],
    ['CreateExport', 'FetchExport', 'DeleteExport'],
  )
  assert.deepEqual(Object.keys(post.responses[200].content), ['text/csv'])
  assert.equal(remove.responses[204].content, undefined)
  assert.deepEqual(
    post.parameters.map((parameter: { in: string; name: string }) => [parameter.in, parameter.name]),
    [
      ['query', 'Sep'],
      ['path', 'Name'],
    ],
  )
})
