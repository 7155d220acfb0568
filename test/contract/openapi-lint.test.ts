import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { get, testServer } from '../support/test-server.ts'

/** Rules beyond the recommended ones, which hold for this document. */
const MORE_RULES = {
  'operation-tag-defined': 'error',
  'tag-description': 'error',
  'operation-operationId-url-safe': 'error',
  'no-unused-components': 'error',
} as const

test('the document passes the strict rules of a linter for OpenAPI', async t => {
  const server = await testServer(t)
  const { body } = await get(server, '/openapi.json', { host: 'rollcall.example.net' })
  const config = await createConfig({ extends: ['recommended-strict'], rules: MORE_RULES })
  const problems = await lintFromString({ source: JSON.stringify(body), config })
  assert.deepEqual(
    problems.map(({ ruleId, message, location: [at] }) => `${at?.pointer} ${ruleId}: ${message}`),
    [],
  )
})

test('the linter sees a fault', async () => {
  const source = JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' }, paths: {} })
  const config = await createConfig({ extends: ['recommended-strict'] })
  assert.ok((await lintFromString({ source, config })).some(({ ruleId }) => ruleId === 'info-license'))
})

test('what the document says of queries and events is what the server takes', async t => {
  const server = await testServer(t)
  const { body: document } = await get(server, '/openapi.json')
  const parameters: { name: string; schema: Record<string, unknown> }[] =
    document.paths['/v1/Video/Rooms'].get.parameters
  const pageSize = parameters.find(({ name }) => name === 'PageSize')
  assert.deepEqual(pageSize?.schema, { type: 'integer', minimum: 1 })
  assert.equal((await get(server, '/v1/Video/Rooms?PageSize=2500')).status, 200)
  const { schema } = document.paths['/feeds/events'].post.requestBody.content['application/cloudevents+json']
  for (const name of ['id', 'source']) assert.equal(schema.properties[name].minLength, 1)
})
