import assert from 'node:assert/strict'
import { test } from 'node:test'
import { basic, get, type TestServer, testServer } from '../support/test-server.ts'
import { tellRooms } from './rooms-told.ts'

const FORWARDED = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'rollcall.example.com',
  'x-forwarded-prefix': '/video',
}

test('URLs are on the scheme, host and port that the client used', async t => {
  const server = await testServer(t)
  await tellRooms(server)
  for (const host of ['rollcall.example.com', '127.0.0.1:8080', '[::1]:8080', 'insights.twilio.com']) {
    await assertBase(server, { host }, `http://${host}`)
  }
})

test('X-Forwarded headers count only from a trusted proxy', async t => {
  const trusting = await testServer(t, { trustProxy: '127.0.0.1' })
  await tellRooms(trusting)
  await assertBase(trusting, { host: 'inner:8080', ...FORWARDED }, 'https://rollcall.example.com/video')
  const prefixAlone = { host: 'inner:8080', 'x-forwarded-prefix': '/video' }
  await assertBase(trusting, prefixAlone, 'http://inner:8080/video')
  const { 'x-forwarded-prefix': _, ...plain } = FORWARDED
  await assertBase(trusting, { host: 'inner:8080', ...plain }, 'https://rollcall.example.com')

  for (const settings of [{}, { trustProxy: '192.0.2.1' }]) {
    const wary = await testServer(t, settings)
    await tellRooms(wary)
    await assertBase(wary, { host: 'inner:8080', ...FORWARDED }, 'http://inner:8080')
  }
})

test('the public address in the settings is used, and a request may have its path prefix or not', async t => {
  const server = await testServer(t, { publicUrl: 'https://example.com/rollcall/', trustProxy: 'all' })
  await tellRooms(server)
  await assertBase(server, { host: 'inner:8080', ...FORWARDED }, 'https://example.com/rollcall')
  const { status, body } = await get(server, '/rollcall/v1/Video/Rooms')
  assert.equal(status, 200)
  assert.match(body.meta.url, /^https:\/\/example\.com\/rollcall\/v1\/Video\/Rooms\?/)
  assert.equal((await get(server, '/rollcallx/v1/Video/Rooms')).status, 404)
})

test('a Host or X-Forwarded header that is malformed is refused', async t => {
  const server = await testServer(t, { trustProxy: 'all' })
  for (const host of ['evil"host', 'a b', 'x/y', 'user@host', 'host:port', 'host:99999']) {
    const { status, body } = await get(server, '/v1/Video/Rooms', { ...basic(), host })
    assert.deepEqual([status, body.code], [400, 20001], host)
  }
  for (const [name, value] of [
    ['x-forwarded-host', 'evil"host'],
    ['x-forwarded-proto', 'javascript'],
    ['x-forwarded-prefix', '/a"b'],
    ['x-forwarded-prefix', '//evil.example.com'],
  ] as const) {
    const { status } = await get(server, '/v1/Video/Rooms', { ...basic(), ...FORWARDED, [name]: value })
    assert.equal(status, 400, `${name}: ${value}`)
  }
})

async function assertBase(server: TestServer, headers: Record<string, string>, base: string) {
  const list = await get(server, '/v1/Video/Rooms?PageSize=1', { ...basic(), ...headers })
  assert.equal(list.status, 200)
  const [room] = list.body.rooms
  const { body: people } = await get(server, '/v1/Video/Rooms/RM_open/Participants', {
    ...basic(),
    ...headers,
  })
  const urls = [list.body.meta.url, list.body.meta.first_page_url, list.body.meta.next_page_url, room.url]
  for (const url of [...urls, room.links.participants, people.meta.url, people.participants[0].url]) {
    assert.ok(url.startsWith(`${base}/v1/Video/Rooms`), url)
  }
}
