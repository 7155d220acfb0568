import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { operations } from '../../src/api/index.ts'
import { feeds } from '../../src/feeds/index.ts'
import { get, testServer } from '../support/test-server.ts'
import { publishedPaths } from './published-openapi.ts'
import { tellRooms } from './rooms-told.ts'

test('the document lists every operation and feed, at the address of the request', async t => {
  const server = await testServer(t)
  const { status, body } = await get(server, '/openapi.json', { host: 'rollcall.example.com' })
  assert.equal(status, 200)
  assert.equal(body.openapi, '3.1.0')
  assert.deepEqual(body.servers, [{ url: 'http://rollcall.example.com' }])
  assert.deepEqual(Object.keys(body.paths), [
    ...operations.map(({ path }) => path),
    ...feeds.flatMap(({ paths }) => paths),
  ])
  for (const path of publishedPaths) assert.ok(path in body.paths, path)
})

test('every answer matches the schema of its operation', async t => {
  const server = await testServer(t)
  const { lesson, open } = await tellRooms(server)
  const { body: document } = await get(server, '/openapi.json')
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  for (const operation of operations) {
    const { schema } = document.paths[operation.path].get.responses[200].content['application/json']
    const validate = ajv.compile({ allOf: [schema], components: document.components })
    for (const [room, participant] of [
      [lesson, 'PA_bob'],
      [open, 'PA_eve'],
    ] as const) {
      const url = operation.path.replace('{RoomSid}', room).replace('{ParticipantSid}', participant)
      validate((await get(server, url)).body)
      assert.deepEqual(validate.errors ?? [], [], url)
    }
    assert.equal(validate({}), false)
  }
})

test('the reference page and all it loads come from this server', async t => {
  const server = await testServer(t)
  for (const start of ['/docs', '/docs/']) {
    const page = await server.app.inject({ url: start })
    assert.equal(page.statusCode, 200)
    const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '')
    assert.ok(links.length > 3)
    for (const link of links) {
      const url = new URL(link, `http://localhost${start}`)
      assert.equal(url.host, 'localhost', link)
      assert.equal((await server.app.inject({ url: url.pathname })).statusCode, 200, `${start} ${link}`)
    }
    assert.match(String(page.headers['content-security-policy']), /^default-src 'self'/)
  }
})
