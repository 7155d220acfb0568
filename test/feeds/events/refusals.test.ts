import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW_MS, type TestServer, testServer } from '../../support/test-server.ts'
import { deliveriesOf, rowsOf, servedParticipants, servedRooms } from '../served.ts'
import { cloudEvent, postCloudEvents } from './cloud-events.ts'

const TIME = '2026-03-01T10:00:00Z'
const KINDS =
  'room.started, room.updated, room.ended, room.snapshot, participant.joined, participant.left, participant.failed, participant.updated, track.published, track.unpublished, recording.started, recording.ended'

const room = { key: 'r' }
const participant = { key: 'p' }
const good = cloudEvent('good', 'room.started', TIME, { room })
const of = (type: string, data: unknown) => cloudEvent('bad', type, TIME, data)
const without = (name: string) => ({ ...good, [name]: undefined })

/** Each is sent as the second event of a batch, to show that the error names its index. */
const ENVELOPES: [envelope: unknown, message: string][] = [
  ['text', 'Event 1 is not a CloudEvents envelope.'],
  [null, 'Event 1 is not a CloudEvents envelope.'],
  [[good], 'Event 1 is not a CloudEvents envelope.'],
  [without('specversion'), 'Event 1: specversion must be "1.0".'],
  [{ ...good, specversion: '0.3' }, 'Event 1: specversion must be "1.0".'],
  [without('id'), 'Event 1: id is required.'],
  [{ ...good, id: '' }, 'Event 1: id is required.'],
  [{ ...good, id: true }, 'Event 1: id is required.'],
  [{ ...good, id: 7.5 }, 'Event 1: id is required.'],
  [without('source'), 'Event 1: source is required.'],
  [without('type'), 'Event 1: type is required.'],
  [{ ...good, id: 'bad', type: 'video.room.started.v1' }, `Event 1 (bad): type must be one of ${KINDS}.`],
  [without('time'), 'Event 1 (good): time is required, in RFC 3339: when it happened.'],
  ...['yesterday', '2026-03-01', '2026-03-01T10:00:00', '2026-03-01 10:00:00Z', '2026-02-30T10:00:00Z'].map(
    (time): [unknown, string] => [
      { ...good, time },
      'Event 1 (good): time is required, in RFC 3339: when it happened.',
    ],
  ),
  [{ ...good, time: NOW_MS }, 'Event 1 (good): time is required, in RFC 3339: when it happened.'],
  [without('data'), 'Event 1 (good): data must be object.'],
  [of('room.started', 'r'), 'Event 1 (bad): data must be object.'],
  [
    of('room.ended', { room, endReason: 'client_left' }),
    'Event 1 (bad): data.endReason of a room must be one of room_ended_via_api, timeout.',
  ],
  [
    of('room.ended', { room, endReason: 'timeout', noticed: true }),
    'Event 1 (bad): data.endReason of a room that is noticed to be gone is unknown: leave it out.',
  ],
  [
    of('room.snapshot', { room }),
    'Event 1 (bad): data.participants is required: everybody who is in the room.',
  ],
  [
    of('room.snapshot', { room, participants: [participant, participant] }),
    'Event 1 (bad): data.participants has a key twice.',
  ],
  [
    of('room.snapshot', { room, participants: [{ identity: 'ann' }] }),
    'Event 1 (bad): data.participants.0 must have required properties key.',
  ],
  [
    of('room.snapshot', { room, participants: [{ ...participant, sid: 'x' }] }),
    'Event 1 (bad): data may not set SIDs: they are derived from room.key and participant.key.',
  ],
  [of('room.started', {}), 'Event 1 (bad): data must have required properties room.'],
  [of('room.started', { room: {} }), 'Event 1 (bad): data.room must have required properties key.'],
  [
    of('room.started', { room: { key: '' } }),
    'Event 1 (bad): data.room.key must not have fewer than 1 characters.',
  ],
  [
    of('room.started', { room: { ...room, startedAt: 'yesterday' } }),
    'Event 1 (bad): data.room.startedAt must match format "date-time".',
  ],
  [
    of('room.started', { room: { ...room, startedAt: '2026-02-30T10:00:00Z' } }),
    'Event 1 (bad): data.room.startedAt must match format "date-time".',
  ],
  [
    of('room.started', { room: { ...room, type: 'hall' } }),
    'Event 1 (bad): data.room.type must be equal to one of the allowed values.',
  ],
  [
    of('room.started', { room: { ...room, maxParticipants: '9' } }),
    'Event 1 (bad): data.room.maxParticipants must be integer.',
  ],
  [of('participant.joined', { room }), 'Event 1 (bad): data.participant is required.'],
  [of('participant.left', { room }), 'Event 1 (bad): data.participant is required.'],
  [of('track.published', { room, participant }), 'Event 1 (bad): data.track is required.'],
  [of('track.published', { room }), 'Event 1 (bad): data.participant is required.'],
  [of('recording.started', { room }), 'Event 1 (bad): data.recording is required.'],
  [
    of('participant.joined', { room, participant: { identity: 'ann' } }),
    'Event 1 (bad): data.participant must have required properties key.',
  ],
  [
    of('participant.joined', { room, participant: { ...participant, joinedAt: 'noon' } }),
    'Event 1 (bad): data.participant.joinedAt must match format "date-time".',
  ],
  [
    of('participant.joined', { room, participant: { ...participant, attributes: { seat: 7 } } }),
    'Event 1 (bad): data.participant.attributes.seat must be string.',
  ],
  [
    of('participant.left', { room, participant, endReason: 'Went home' }),
    'Event 1 (bad): data.endReason must match pattern "^[a-z0-9_]{1,64}$".',
  ],
  [
    of('participant.left', { room, participant, errorCode: 0 }),
    'Event 1 (bad): data.errorCode must be >= 1.',
  ],
  ...[
    { sid: 'x', room },
    { roomSid: 'x', room },
    { room: { ...room, sid: 'x' } },
    { room: { ...room, room_sid: 'x' } },
    { room, participant: { ...participant, participantSid: 'x' } },
    { room: { ...room, accountSid: 'x' } },
  ].map((data): [unknown, string] => [
    of('participant.joined', { participant, ...data }),
    'Event 1 (bad): data may not set SIDs: they are derived from room.key and participant.key.',
  ]),
]

test('each wrong event is 400 with its index and what is wrong, and nothing of its batch is stored', async t => {
  const server = await testServer(t)
  for (const [envelope, message] of ENVELOPES) {
    const response = await postCloudEvents(server, [good, envelope])
    assert.deepEqual([response.statusCode, response.json().message], [400, message])
    assert.equal(response.json().code, 20001)
  }
  await assertNothingStored(server)
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ outcome, detail }) => [outcome, detail]),
    ENVELOPES.map(([, message]) => ['junk', message]),
  )
})

test('a single envelope is event 0, in structured and in binary mode', async t => {
  const server = await testServer(t)
  const structured = await postCloudEvents(server, without('id'))
  assert.equal(structured.json().message, 'Event 0: id is required.')
  const binary = await postCloudEvents(server, { room }, { 'ce-specversion': '1.0', 'ce-id': '1' })
  assert.equal(binary.json().message, 'Event 0: source is required.')
  await assertNothingStored(server)
})

test('a body that is not JSON is 400, and so is a batch of more than 1,000 events', async t => {
  const server = await testServer(t)
  for (const body of ['', 'junk', '{', '\u0000']) {
    const response = await postCloudEvents(server, body)
    assert.deepEqual([response.statusCode, response.json().message], [400, 'The body is not JSON in UTF-8.'])
  }
  const crowd = (count: number) => Array.from({ length: count }, (_, index) => ({ ...good, id: `${index}` }))
  const large = await postCloudEvents(server, crowd(1001))
  assert.deepEqual(
    [large.statusCode, large.json().message],
    [400, 'A batch of 1001 events is too large: send at most 1000.'],
  )
  await assertNothingStored(server)
  assert.deepEqual((await postCloudEvents(server, crowd(1000))).json(), { events: 1000, duplicates: 0 })
})

test('snapshots that list more than 1,000 participants together are 400', async t => {
  const server = await testServer(t)
  const listing = (id: string, count: number) =>
    cloudEvent(id, 'room.snapshot', TIME, {
      ...{ room, participants: Array.from({ length: count }, (_, index) => ({ key: `${index}` })) },
    })
  const alone = await postCloudEvents(server, listing('1', 1001))
  assert.deepEqual(
    [alone.statusCode, alone.json().message],
    [400, 'Event 0 (1): data.participants must not have more than 1000 items.'],
  )
  const together = await postCloudEvents(server, [listing('1', 600), listing('2', 401)])
  assert.deepEqual(
    [together.statusCode, together.json().message],
    [400, 'The snapshots of a request may list at most 1000 participants together.'],
  )
  await assertNothingStored(server)
  const most = await postCloudEvents(server, [listing('1', 600), listing('2', 400)])
  assert.deepEqual(most.json(), { events: 1002, duplicates: 0 })
})

test('a batch with an event from the future is refused; old events are accepted', async t => {
  const server = await testServer(t)
  const later = new Date(NOW_MS + 6 * 60_000).toISOString()
  const future: [data: unknown, time: string][] = [
    [{ room }, later],
    [{ room: { ...room, startedAt: later } }, TIME],
    [{ room, participant: { ...participant, joinedAt: later } }, TIME],
  ]
  for (const [data, time] of future) {
    const event = cloudEvent('late', 'participant.joined', time, { participant, ...Object(data) })
    const response = await postCloudEvents(server, [good, event])
    assert.equal(response.statusCode, 400)
    assert.equal(
      response.json().message,
      'Event /test|late is of the future (2026-03-01T12:06:00.000Z): compare the clocks of both machines.',
    )
  }
  await assertNothingStored(server)
  const old = cloudEvent('old', 'room.started', '1999-12-31T23:59:59+01:00', { room })
  assert.equal((await postCloudEvents(server, old)).statusCode, 200)
  assert.equal(
    (await servedRooms(server))[0]?.create_time,
    undefined,
    'older than the rooms that the list shows',
  )
})

test('a leap second is a valid moment, and every date in data is shown', async t => {
  const server = await testServer(t)
  const joinedAt = '2016-12-31T23:59:60Z'
  const data = { room: { key: 'leap' }, participant: { ...participant, joinedAt } }
  const response = await postCloudEvents(server, cloudEvent('leap', 'participant.left', TIME, data))
  assert.equal(response.statusCode, 200)
  const [event] = await rowsOf(server, 'select room_sid from events')
  const [one] = await servedParticipants(server, String(event?.['room_sid']))
  assert.equal(one?.join_time, '2016-12-31T23:59:59Z')
})

test('words that every JavaScript object has, such as constructor, are accepted like others', async t => {
  const server = await testServer(t)
  const data = { room: { key: 'words', region: 'constructor' }, participant: { key: 'p', region: 'valueOf' } }
  for (const endReason of ['constructor', '__proto__']) {
    const left = cloudEvent(endReason, 'participant.left', TIME, { ...data, endReason })
    assert.equal((await postCloudEvents(server, left)).statusCode, 200)
    const [served] = await servedRooms(server)
    const [one] = await servedParticipants(server, served?.room_sid ?? '')
    assert.deepEqual([one?.error_code, one?.error_code_url, one?.media_region], [null, null, null])
    assert.equal(served?.media_region, null)
  }
})

async function assertNothingStored(server: TestServer): Promise<void> {
  assert.deepEqual(await servedRooms(server), [])
  assert.deepEqual(await rowsOf(server, 'select 1 from events union all select 1 from feed_payloads'), [])
}
