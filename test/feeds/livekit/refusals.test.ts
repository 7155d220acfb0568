import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliver, livekitRoom } from '../../support/livekit.ts'
import { NOW_MS, testServer } from '../../support/test-server.ts'
import { deliveriesOf, rowsOf, servedRoom, servedRooms } from '../served.ts'
import { claimsOf, post, postSigned, tokenOf } from './token.ts'

const MIN = 60_000

test('a body that cannot be read is 400/20001, and the log says why', async t => {
  const server = await testServer(t)
  const deep = `{"metadata":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  const junk: [body: string | Buffer, message: string][] = [
    ['junk', 'The body is not JSON in UTF-8.'],
    ['', 'The body is not JSON in UTF-8.'],
    ['{"event":"room_started"', 'The body is not JSON in UTF-8.'],
    [Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'The body is not JSON in UTF-8.'],
    [deep, 'The body is nested too deeply.'],
  ]
  for (const [body, message] of junk) {
    const response = await postSigned(server, body)
    assert.equal(response.statusCode, 400)
    assert.deepEqual([response.json().code, response.json().message], [20001, message])
  }
  assert.deepEqual(await rowsOf(server, 'select 1 from events union all select 1 from feed_payloads'), [])
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ httpStatus, outcome, detail }) => [httpStatus, outcome, detail]),
    junk.map(([, message]) => [400, 'junk', message]),
  )
})

test('a body that is too large is 413/20413', async t => {
  const server = await testServer(t, { bodyLimitBytes: '1000' })
  const room = livekitRoom('large', NOW_MS - MIN)
  const response = await deliver(server, { ...room.started(), filler: 'x'.repeat(1000) })
  assert.deepEqual([response.statusCode, response.json().code], [413, 20413])
  assert.deepEqual(await servedRooms(server), [])
})

test('only POST is accepted', async t => {
  const server = await testServer(t)
  const response = await server.app.inject({ method: 'GET', url: '/feeds/livekit' })
  assert.deepEqual([response.statusCode, response.json().code], [405, 20004])
  assert.equal(response.headers['allow'], 'POST, OPTIONS')
})

test('any content type is accepted, because only the bytes are signed', async t => {
  const server = await testServer(t)
  for (const [index, type] of ['application/json', 'text/plain', undefined].entries()) {
    const body = JSON.stringify(livekitRoom(`typed${index}`, NOW_MS - MIN).started())
    const response = await server.app.inject({
      ...{ method: 'POST', url: '/feeds/livekit', body },
      headers: {
        authorization: tokenOf(claimsOf(server, body)),
        ...(type === undefined ? {} : { 'content-type': type }),
      },
    })
    assert.equal(response.statusCode, 200, type)
  }
  assert.equal((await servedRooms(server)).length, 3)
})

test('an event is refused if it is more than five minutes in the future', async t => {
  const server = await testServer(t)
  const room = livekitRoom('tomorrow', NOW_MS - MIN)
  const joined = room.joined('ann', NOW_MS)
  const soon = String(NOW_MS + 6 * MIN)
  const future: [what: string, payload: object][] = [
    ['its moment', room.joined('ann', NOW_MS + 6 * MIN)],
    ['the join that it repeats', { ...joined, participant: { sid: 'PA_ann', joinedAtMs: soon } }],
    ['the start of its room', { ...joined, room: { sid: room.sid, creationTimeMs: soon } }],
    ['milliseconds for seconds', { ...joined, createdAt: String(NOW_MS) }],
    ['microseconds for seconds', { ...joined, createdAt: String(NOW_MS * 1000) }],
    [
      'more than any date holds',
      { ...joined, participant: { sid: 'PA_ann', joinedAtMs: '9007199254740991' } },
    ],
  ]
  for (const [what, payload] of future) {
    const response = await deliver(server, payload)
    assert.equal(response.statusCode, 400, what)
    assert.match(response.json().message, /^Event EV_\w+ is of the future .*compare the clocks/, what)
  }
  assert.deepEqual(await servedRooms(server), [])
  assert.equal((await deliver(server, room.joined('bob', NOW_MS + 5 * MIN))).statusCode, 200)
})

test('events of any age are accepted, as from a backlog or an import', async t => {
  const server = await testServer(t)
  const startedAtMs = Date.UTC(2019, 4, 5, 6, 7, 8)
  const room = livekitRoom('museum', startedAtMs)
  const left = room.left('ann', startedAtMs + 1000, startedAtMs + 61_000, 'CLIENT_INITIATED')
  assert.equal((await deliver(server, left)).statusCode, 200)
  const served = await servedRoom(server, room.sid)
  assert.deepEqual([served.create_time, served.unique_participants], ['2019-05-05T06:07:08Z', 1])
})

test('a path without a feed is 404, and the API accepts no events', async t => {
  const server = await testServer(t)
  const response = await server.app.inject({ method: 'POST', url: '/feeds/zoom', body: '{}' })
  assert.deepEqual([response.statusCode, response.json().code], [404, 20404])
  assert.equal((await post(server, '{}')).statusCode, 401)
})
