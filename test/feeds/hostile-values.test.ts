import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { deliver, livekitRoom } from '../support/livekit.ts'
import {
  ACCOUNT,
  basic,
  FEED_KEY,
  get,
  NOW_MS,
  type TestServer,
  TWILIO_TOKEN,
  testServer,
} from '../support/test-server.ts'
import { JITSI_FEED, jitsiRoom, postJitsi } from './jitsi/event-sync.ts'
import type { ServedRoom } from './served.ts'

const room = `RM${'c3'.repeat(16)}`
const participant = `PA${'d4'.repeat(16)}`

async function callback(server: TestServer, params: Record<string, string>) {
  const named: Record<string, string> = { AccountSid: ACCOUNT, RoomSid: room, ...params }
  const signed = Object.keys(named)
    .sort()
    .map(name => name + named[name])
    .join('')
  const url = `http://localhost:80/feeds/twilio${signed}`
  return await server.app.inject({
    method: 'POST',
    url: '/feeds/twilio',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': createHmac('sha1', TWILIO_TOKEN).update(url).digest('base64'),
    },
    body: new URLSearchParams(named).toString(),
  })
}

async function send(server: TestServer, type: string, data: object, more: object = {}) {
  const envelope = {
    specversion: '1.0',
    id: '1',
    source: '/test',
    type,
    time: '2026-03-01T11:00:00Z',
    data,
    ...more,
  }
  return await server.app.inject({
    method: 'POST',
    url: '/feeds/events',
    headers: { authorization: `Bearer ${FEED_KEY}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(envelope),
  })
}

test('a form with very many names is verified within seconds', async t => {
  const server = await testServer(t)
  const body = `AccountSid=${ACCOUNT}&${Array.from({ length: 100_000 }, (_, index) => `n${index}=`).join('&')}`
  const begunMs = performance.now()
  const response = await server.app.inject({
    method: 'POST',
    url: '/feeds/twilio',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  })
  assert.equal(response.statusCode, 401)
  assert.ok(performance.now() - begunMs < 5_000)
})

test('a duration that is too long or not a count is ignored', async t => {
  const server = await testServer(t)
  const left = { StatusCallbackEvent: 'participant-disconnected', ParticipantSid: participant }
  const ended = { StatusCallbackEvent: 'room-ended', Timestamp: '2026-03-01T11:30:00.000Z' }
  for (const [index, duration] of ['9007199254740991', '-500', '1e3', 'x'].entries()) {
    const at = { Timestamp: `2026-03-01T11:00:0${index}.000Z`, ParticipantDuration: duration }
    assert.equal((await callback(server, { ...left, ...at })).statusCode, 200)
  }
  assert.equal((await callback(server, { ...ended, RoomDuration: '-500' })).statusCode, 200)
  const { body } = await get(server, `/v1/Video/Rooms/${room}`)
  assert.equal(body.create_time, '2026-03-01T11:00:00Z')
  const { body: list } = await get(server, `/v1/Video/Rooms/${room}/Participants`)
  assert.equal(list.participants[0].join_time, null)
})

test('a number that an SDK cannot read is refused or ignored', async t => {
  const server = await testServer(t)
  for (const maxParticipants of [1e300, -1, 2 ** 31]) {
    assert.equal(
      (await send(server, 'room.started', { room: { key: 'r', maxParticipants } })).statusCode,
      400,
    )
  }
  const story = livekitRoom('limits', NOW_MS - 1000)
  const started = story.started()
  const whole = {
    ...started,
    room: { ...('room' in started ? Object(started.room) : {}), maxParticipants: 4294967295 },
  }
  assert.equal((await deliver(server, whole)).statusCode, 200)
  assert.equal((await get(server, `/v1/Video/Rooms/${story.sid}`)).body.max_participants, null)
})

test('lone surrogates and NUL never reach a record', async t => {
  const server = await testServer(t)
  const data = {
    room: { key: 'k\ud800\0', name: 'n\ud800\0' },
    participant: { key: '\udc00', identity: 'i\0' },
  }
  const response = await send(server, 'participant.joined', data)
  assert.equal(response.statusCode, 200, response.body)
  const { body } = await get(server, '/v1/Video/Rooms')
  assert.equal(body.rooms[0].room_name, 'n\ufffd')
  assert.equal(body.rooms[0].room_type, null)
  const { body: list } = await get(server, `/v1/Video/Rooms/${body.rooms[0].room_sid}/Participants`)
  assert.equal(list.participants[0].participant_identity, 'i')
})

test('texts too long for an index are stored whole, found, and compared to the last letter', async t => {
  const server = await testServer(t, {}, [JITSI_FEED])
  // Repetitive text would be compressed.
  const long = Array.from({ length: 300 }, (_, index) =>
    createHmac('sha1', 'x').update(`${index}`).digest('hex'),
  ).join('')
  for (const last of ['a', 'b']) {
    const told = livekitRoom(long + last, NOW_MS - 60_000)
    const joined = { ...told.joined(long + last, NOW_MS - 50_000), id: `EV_${long}${last}` }
    for (const payload of [told.started(), joined, joined, { ...joined, more: 'other' }]) {
      assert.equal((await deliver(server, payload)).statusCode, 200)
    }
    const room = jitsiRoom(long + last)
    assert.equal((await postJitsi(server, room.created(NOW_MS / 1000 - 60))).statusCode, 200)
  }
  for (const last of ['a', 'b']) {
    const { body } = await get(server, `/v1/Video/Rooms?RoomName=${long}${last}`)
    const feeds = body.rooms.map((one: ServedRoom) => one.room_name === long + last && one.properties.feed)
    assert.deepEqual(feeds.sort(), ['jitsi', 'livekit'])
    const room = body.rooms.find((one: ServedRoom) => one.properties.feed === 'livekit')
    assert.equal(room.unique_participant_identities, 1)
    const { body: list } = await get(server, `/v1/Video/Rooms/${room.room_sid}/Participants`)
    assert.ok(list.participants[0].participant_identity === long + last)
    const { body: evidence } = await get(server, `/v1/Video/Rooms/${room.room_sid}/Events`)
    assert.deepEqual(
      evidence.events.map((one: { duplicates: number; others: unknown[] }) => [
        one.duplicates,
        one.others.length,
      ]),
      [
        [0, 0],
        [2, 1],
      ],
    )
  }
})

test('NUL in a name, a key or a password matches nothing and is not an error of the server', async t => {
  const server = await testServer(t)
  assert.equal((await get(server, '/v1/Video/Rooms?RoomName=a%00b')).status, 200)
  assert.equal((await get(server, '/v1/Video/Rooms/RM%00')).status, 404)
  assert.equal((await get(server, '/v1/Video/Rooms', basic(`${ACCOUNT}\0`, 'x\0'))).status, 401)
  const token = ['{"alg":"HS256"}', '{"iss":"API\\u0000"}', 'x'].map(part =>
    Buffer.from(part).toString('base64url'),
  )
  const headers = { authorization: token.join('.'), 'content-type': 'application/webhook+json' }
  const response = await server.app.inject({ method: 'POST', url: '/feeds/livekit', headers, body: '{}' })
  assert.equal(response.statusCode, 401)
})

test('a moment before 1970 is ignored', async t => {
  const server = await testServer(t)
  const response = await send(
    server,
    'room.started',
    { room: { key: 'r' } },
    { time: '0000-01-01T00:00:00+14:00' },
  )
  assert.equal(response.statusCode, 400)
})

test('every callback that is not understood is kept', async t => {
  const server = await testServer(t)
  for (const composition of ['CJ1', 'CJ2', 'CJ2']) {
    const params = { StatusCallbackEvent: 'composition-started', CompositionSid: composition }
    assert.equal((await callback(server, params)).statusCode, 200)
  }
  assert.equal((await keptPayloads(server)).length, 2)
})

test('a second body under a known key is kept and changes no record', async t => {
  const server = await testServer(t)
  const data = { room: { key: 'r' }, participant: { key: 'p' } }
  await send(server, 'participant.joined', data)
  await send(server, 'participant.joined', data)
  assert.equal((await keptPayloads(server)).length, 0)
  const second = await send(server, 'participant.left', data)
  assert.deepEqual(second.json(), { events: 0, duplicates: 1 })
  assert.equal((await keptPayloads(server)).length, 1)
  const { body } = await get(server, '/v1/Video/Rooms')
  const { body: list } = await get(server, `/v1/Video/Rooms/${body.rooms[0].room_sid}/Participants`)
  assert.equal(list.participants[0].status, 'in_progress')
})

test('a fault of Rollcall is 500, so that the sender tries again, and is in the log of deliveries', async t => {
  const server = await testServer(t)
  await server.database.transact(connection => connection.run('drop table events'))
  assert.equal((await send(server, 'room.started', { room: { key: 'r' } })).statusCode, 500)
  await server.app.close()
  const [delivery] = await server.store.deliveries.last(1)
  assert.deepEqual([delivery?.httpStatus, delivery?.outcome], [500, 'failed'])
})

test('deliveries that are not authentic never push authentic ones out of the log', async t => {
  const server = await testServer(t)
  await send(server, 'room.started', { room: { key: 'r' } })
  for (let index = 0; index < 150; index++) {
    await server.app.inject({ method: 'POST', url: '/feeds/livekit', headers: { authorization: 'x' } })
  }
  await server.app.close()
  const log = await server.store.deliveries.last(100)
  assert.equal(log.length, 101)
  assert.equal(log[0]?.outcome, 'stored')
})

async function keptPayloads(server: TestServer): Promise<unknown[]> {
  return await server.database.reader.all('select * from feed_payloads')
}
