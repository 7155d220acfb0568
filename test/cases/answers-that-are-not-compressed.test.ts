/**
 * A page of 1,000 participants was 944 kB on the wire, although it is a twentieth of that when it is compressed, and
 * every browser and most SDKs ask for that.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Operation } from '../../src/http/operation.ts'
import { serverWith } from '../contract/server-with.ts'
import { tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import { basic, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

const LIST = '/v1/Video/Rooms/RM_x/Participants'

test('a large answer is compressed where the client asks for it, and is the same answer', async t => {
  const server = await largeRoom(t)
  for (const url of [LIST, `${LIST.replace('Participants', 'Events')}`, '/openapi.json']) {
    const plain = await ask(server, url)
    assert.equal(plain.headers['content-encoding'], undefined)
    for (const accept of ['gzip', 'gzip, deflate, br', 'br;q=1.0, gzip;q=0.8, *;q=0.1', '*']) {
      const answer = await ask(server, url, { 'accept-encoding': accept })
      assert.equal(answer.headers['content-encoding'], 'gzip', accept)
      assert.equal(gunzipSync(answer.rawPayload).toString(), plain.body)
      assert.ok(answer.rawPayload.length * 3 < plain.rawPayload.length)
      const { 'content-encoding': _, 'transfer-encoding': __, ...others } = answer.headers
      for (const name of Object.keys(others)) {
        if (!/^(?:twilio-request-id|date)$/.test(name)) assert.equal(others[name], plain.headers[name], name)
      }
    }
  }
})

test('no other answer is compressed', async t => {
  const server = await largeRoom(t)
  for (const accept of ['', 'identity', 'br', 'gzip;q=0', 'zstd, deflate', 'nonsense']) {
    const answer = await ask(server, LIST, { 'accept-encoding': accept })
    assert.equal(answer.headers['content-encoding'], undefined, accept)
    assert.equal(answer.json().participants.length, 30)
  }
  for (const [url, status] of [
    ['/v1/Video/Rooms?RoomName=none', 200],
    ['/v1/nothing', 404],
    [`${LIST}?PageSize=x`, 400],
  ] as const) {
    const answer = await ask(server, url, { 'accept-encoding': 'gzip' })
    assert.deepEqual([answer.statusCode, answer.headers['content-encoding']], [status, undefined], url)
    assert.ok(answer.json())
  }
})

test('the tag of an answer is that of its compressed form too, and both forms name it to caches', async t => {
  const server = await largeRoom(t, { corsOrigins: 'https://console.example.com' })
  const tags = new Set<string>()
  for (const encoding of ['identity', 'gzip']) {
    for (const method of ['GET', 'HEAD'] as const) {
      const first = await ask(server, LIST, { 'accept-encoding': encoding }, method)
      const etag = String(first.headers['etag'])
      tags.add(etag)
      assert.deepEqual(String(first.headers['vary']).toLowerCase().split(', ').sort(), [
        'accept-encoding',
        'origin',
      ])
      for (const other of ['identity', 'gzip']) {
        const again = await ask(server, LIST, { 'accept-encoding': other, 'if-none-match': etag }, method)
        assert.deepEqual([again.statusCode, again.body, again.headers['etag']], [304, '', etag])
        assert.match(String(again.headers['vary']), /accept-encoding/)
      }
    }
  }
  // A strong tag would promise that both forms have the same bytes (RFC 9110, 8.8.1).
  assert.deepEqual(
    [...tags].map(tag => tag.startsWith('W/"')),
    [true],
  )
})

test('a body that comes in is taken as it was sent', async t => {
  const echo: Operation = {
    ...{ id: 'Echo', tag: 'Rooms', method: 'POST', path: '/v1/Echo', summary: 'Echo', description: '' },
    parameters: {},
    run: async (_context, { body }) => JSON.stringify({ sent: body.toString('hex') }),
  }
  const server = await serverWith(t, { operations: [echo] })
  const body = gzipSync('{}')
  const headers = { ...basic(), 'content-encoding': 'gzip', 'content-type': 'application/json' }
  const answer = await server.app.inject({ method: 'POST', url: '/v1/Echo', headers, body })
  assert.deepEqual(answer.json(), { sent: body.toString('hex') })
})

async function largeRoom(t: Parameters<typeof testServer>[0], settings = {}): Promise<TestServer> {
  const server = await testServer(t, settings)
  const room = livekitRoom('x', NOW_MS - 600_000)
  for (let n = 0; n < 30; n++) await tell(server, room.joined(`person ${n}`, NOW_MS - 500_000 + n))
  return server
}

async function ask(server: TestServer, url: string, headers = {}, method: 'GET' | 'HEAD' = 'GET') {
  return await server.app.inject({ method, url, headers: { ...basic(), ...headers } })
}
