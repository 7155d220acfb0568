import assert from 'node:assert/strict'
import { test } from 'node:test'
import { basic, get, testServer } from '../support/test-server.ts'
import { tellRooms } from './rooms-told.ts'

const CORS = [
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-allow-credentials',
  'access-control-expose-headers',
]
const URLS = ['/v1/Video/Rooms', '/v1/Video/Rooms/x', '/v1/nothing', '/nothing', '/openapi.json', '/docs/']

test('every answer has its own Twilio-Request-Id, which is in the log', async t => {
  const server = await testServer(t)
  const ids = new Set<string>()
  for (const url of [...URLS, '/v1/Video/Rooms/%zz']) {
    for (const headers of [basic(), {}]) {
      const response = await server.app.inject({ url, headers })
      const id = String(response.headers['twilio-request-id'])
      assert.match(id, /^RQ[0-9a-f]{32}$/, url)
      ids.add(id)
      if (!url.includes('%zz'))
        assert.ok(
          server.log.some(line => line.includes(id)),
          url,
        )
    }
  }
  assert.equal(ids.size, 2 * (URLS.length + 1))
})

test('every answer has the five CORS headers, also the answer to a preflight request', async t => {
  const { app } = await testServer(t)
  for (const url of URLS) {
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
      const response = await app.inject({ method, url, headers: { origin: 'https://console.example.com' } })
      for (const name of CORS) assert.ok(response.headers[name] !== undefined, `${method} ${url} ${name}`)
      assert.equal(response.headers['access-control-allow-origin'], '*')
      assert.equal(response.headers['access-control-allow-credentials'], 'false')
      if (method === 'OPTIONS') assert.deepEqual([response.statusCode, response.body], [204, ''])
    }
  }
})

test('an origin in the settings is echoed, with Vary: Origin', async t => {
  const { app } = await testServer(t, { corsOrigins: 'https://a.example.com, https://b.example.com' })
  for (const [origin, expected] of [
    ['https://b.example.com', 'https://b.example.com'],
    ['https://evil.example.com', 'https://a.example.com'],
  ] as const) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const { headers } = await app.inject({
        method,
        url: '/v1/Video/Rooms',
        headers: { origin, ...basic() },
      })
      assert.equal(headers['access-control-allow-origin'], expected)
      assert.equal(headers['access-control-allow-credentials'], 'true')
      assert.match(String(headers['vary']), /Origin/)
    }
  }
})

test('OPTIONS needs no credentials and names the methods of a path', async t => {
  const { app } = await testServer(t)
  const rooms = await app.inject({ method: 'OPTIONS', url: '/v1/Video/Rooms' })
  assert.equal(rooms.headers['allow'], 'GET, HEAD, OPTIONS')
  const feed = await app.inject({ method: 'OPTIONS', url: '/feeds/twilio' })
  assert.equal(feed.headers['allow'], 'GET, POST, OPTIONS')
})

test('HEAD answers as GET does, without the body', async t => {
  const { app } = await testServer(t)
  for (const headers of [basic(), {}]) {
    const head = await app.inject({ method: 'HEAD', url: '/v1/Video/Rooms', headers })
    const full = await app.inject({ url: '/v1/Video/Rooms', headers })
    assert.equal(head.statusCode, full.statusCode)
    assert.equal(head.body, '')
    assert.equal(head.headers['content-length'], full.headers['content-length'])
    assert.equal(head.headers['etag'], full.headers['etag'])
  }
})

test('a trailing slash is ignored, without a redirect', async t => {
  const server = await testServer(t)
  const { lesson } = await tellRooms(server)
  for (const url of [
    '/v1/Video/Rooms',
    `/v1/Video/Rooms/${lesson}`,
    `/v1/Video/Rooms/${lesson}/Participants`,
  ]) {
    const plain = await get(server, url)
    const slashed = await get(server, `${url}/`)
    assert.equal(slashed.status, 200)
    assert.deepEqual(slashed.body, plain.body)
  }
})

test('If-None-Match is answered 304 for the same body, and never for an error or a changed body', async t => {
  const server = await testServer(t)
  const url = '/v1/Video/Rooms?CreatedAfter=2000-01-01'
  const first = await get(server, url)
  const etag = String(first.headers['etag'])
  for (const value of [etag, etag.replace('W/', ''), `"x", ${etag}`, '*']) {
    const known = await server.app.inject({ url, headers: { ...basic(), 'if-none-match': value } })
    assert.deepEqual([known.statusCode, known.body], [304, ''], value)
    assert.equal(known.headers['etag'], etag)
  }
  const other = await get(server, url, { ...basic(), 'if-none-match': '"x"' })
  assert.equal(other.status, 200)
  await tellRooms(server)
  const changed = await get(server, url, { ...basic(), 'if-none-match': etag })
  assert.equal(changed.status, 200)
  const error = await get(server, '/v1/Video/Rooms/RM_none', { ...basic(), 'if-none-match': '*' })
  assert.equal(error.status, 404)
})

test('a GET may have any content type and any Accept, as SDKs send them', async t => {
  const server = await testServer(t)
  const types = ['application/x-www-form-urlencoded', 'application/json', 'text/plain', 'x/y']
  for (const type of types) {
    const { status, headers } = await get(server, '/v1/Video/Rooms', { ...basic(), 'content-type': type })
    assert.equal(status, 200)
    assert.match(String(headers['content-type']), /^application\/json/)
  }
  assert.equal((await get(server, '/v1/Video/Rooms', { ...basic(), accept: 'text/html' })).status, 200)
})
