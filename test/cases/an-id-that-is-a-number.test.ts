import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idOf } from '../../src/feeds/json.ts'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { type JaasPayload, jaasServer, jaasSession, postJaas, tellJaas } from '../feeds/jaas/webhooks.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { janusServer, tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { jitsiRoom, jitsiServer, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { assertNumbersAgree } from '../feeds/numbers.ts'
import { assertShows, servedParticipants, servedRooms, taken, tell } from '../feeds/served.ts'
import { postSummaries, summary } from '../feeds/twilio/callbacks.ts'
import { livekitRoom } from '../support/livekit.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

/**
 * An application numbers its users, so that the JWT says `"user": {"id": 2, "name": "Kim"}`. Two people of the name Kim
 * are two identities, and user 2 is the same person whether the id comes as a number or as a text.
 */
const SEC = NOW_MS / 1000 - 600

test('Jitsi: users 2 and 3 are two people, and "2" is user 2', async t => {
  const server = await jitsiServer(t)
  const room = jitsiRoom('catchup')
  const kims = [2, 3, '2'].map((id, index) =>
    occupant(`connection-${index}`, SEC + index, undefined, { id, name: 'Kim' }),
  )
  await tellJitsi(server, room.created(SEC - 1), ...kims.map(room.joined))
  await assertIdentities(server, ['2', '3', '2'])
})

test('Jitsi: a breakout room with a number as its id is that breakout room', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, { ...jitsiRoom('catchup', '7').created(SEC), breakout_room_id: 7 })
  const [room] = await servedRooms(server)
  assertShows(room, { properties: { native_room_sid: 'catchup@conference.meet.test/7' } })
})

test('JaaS: users, sessions, breakouts and connections with numbers as ids', async t => {
  const server = await jaasServer(t)
  const session = jaasSession('1700', '4')
  const numbered = ({ data, ...payload }: JaasPayload) => ({
    ...{ ...payload, sessionId: 1700, data: { ...Object(data), breakoutRoomId: 4 } },
  })
  const kims = [2, 3, '2'].map((id, index) => ({ id, name: 'Kim', participantJid: 90 + index }))
  for (const [index, kim] of kims.entries()) {
    await tellJaas(server, numbered(session.joined('kim', index * 1000, kim)))
  }
  await tellJaas(server, session.left('kim', 9_000, 'left', { id: '2', participantJid: '90' }))
  const [ended, ...others] = await assertIdentities(server, ['2', '3', '2'])
  assertShows(ended, { end_reason: 'client_left', properties: { native_participant_sid: '90' } })
  assert.deepEqual(
    others.map(one => one.status),
    ['in_progress', 'in_progress'],
  )
  assertShows((await servedRooms(server))[0], { properties: { native_room_sid: '1700/4' } })
})

test('JaaS: a webhook whose idempotencyKey is a number comes twice and counts once', async t => {
  const server = await jaasServer(t)
  const created = jaasSession('session').created(0)
  for (const [idempotencyKey, duplicates] of [
    [5, 0],
    ['5', 1],
  ] as const) {
    const response = await postJaas(server, { ...created, idempotencyKey })
    assert.equal(response.json().duplicates, duplicates)
  }
})

test('a number beyond 2^53, which JSON cannot carry without loss, is no id', async t => {
  const server = await jaasServer(t)
  const joined = jaasSession('session').joined('kim', 0, { id: 'ID', participantJid: 'kim@8x8.vc' })
  for (const [index, id] of ['9007199254740992', '9007199254740993'].entries()) {
    const body = JSON.stringify({ ...joined, idempotencyKey: `${index}` })
    await taken(postJaas(server, body.replace('"ID"', id).replace('kim@8x8.vc', `kim-${index}@8x8.vc`)))
  }
  await assertIdentities(server, ['kim-0@8x8.vc', 'kim-1@8x8.vc'])
})

test('Janus: a room, a participant and an opaque id are the same as number and as text', async t => {
  const server = await janusServer(t)
  const kim = janus().person('kim', { id: 42 })
  const leaves = janus().leaving(9, '42', '1234')
  await tellJanus(server, { ...kim.joins(1), opaque_id: 2 }, leaves)
  const [one] = await assertIdentities(server, ['2'])
  assertShows(one, { status: 'completed', properties: { native_participant_sid: '42' } })
})

test('LiveKit: an identity and the ids of room, participant and recording may be numbers', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', SEC * 1000, '7')
  const joined = room.joined('kim', SEC * 1000, { sid: 8, identity: 2 })
  const fileResults = [{ filename: 'a.mp4', duration: '3000000000' }]
  const egressInfo = { egressId: 5, roomId: 7, file: {}, status: 'EGRESS_COMPLETE', fileResults }
  const ended = { event: 'egress_ended', id: 'EV_1', createdAt: String(SEC + 9), egressInfo }
  await tell(server, { ...joined, room: { sid: 7, name: 'x' } }, ended, { ...ended, id: 'EV_2' })
  const [one] = await assertIdentities(server, ['2'])
  assertShows(one, { properties: { native_participant_sid: '8' } })
  assertShows((await servedRooms(server))[0], { total_recording_duration_sec: 3 })
})

test('Twilio: an identity in a summary may be a number', async t => {
  const server = await testServer(t)
  const sids = {
    account_sid: ACCOUNT,
    room_sid: `RM${'ab'.repeat(16)}`,
    participant_sid: `PA${'1a'.repeat(16)}`,
  }
  const data = { ...sids, participant_identity: 2, join_time: '2026-02-20T10:00:00Z' }
  await taken(postSummaries(server, [summary('1', 'log-analyzer.participant-summary', data)]))
  await assertIdentities(server, ['2'])
})

test('CloudEvents: an envelope whose id is a number comes twice and counts once', async t => {
  const server = await testServer(t)
  const time = new Date(SEC * 1000).toISOString()
  const started = cloudEvent('1', 'room.started', time, { room: { key: 'r' } })
  const answers = []
  for (const id of [1, '1']) answers.push((await postCloudEvents(server, { ...started, id })).json())
  assert.deepEqual(answers, [
    { events: 1, duplicates: 0 },
    { events: 0, duplicates: 1 },
  ])
})

test('what is an id, and what is none', () => {
  const ids: [unknown, string][] = [
    ...([
      [2, '2'],
      [0, '0'],
      [-0, '0'],
      [-5, '-5'],
      ['2', '2'],
      ['02', '02'],
      [' 2', ' 2'],
    ] as [unknown, string][]),
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['9007199254740993', '9007199254740993'],
  ]
  for (const [value, id] of ids) assert.equal(idOf(value), id, JSON.stringify(value))
  for (const value of [
    '',
    '\0',
    true,
    false,
    1.5,
    1e300,
    2 ** 53,
    -(2 ** 53),
    Number.NaN,
    null,
    undefined,
    {},
    [2],
  ]) {
    assert.equal(idOf(value), undefined, JSON.stringify(value))
  }
})

/** Asserts the identities in the only room, by join, and that its numbers agree with them. */
async function assertIdentities(server: TestServer, identities: readonly string[]) {
  const [room, ...others] = await servedRooms(server)
  assert.ok(room !== undefined && others.length === 0)
  const people = await servedParticipants(server, room.room_sid)
  assert.deepEqual(
    people.map(one => one.participant_identity),
    identities,
  )
  assert.equal(room.unique_participant_identities, new Set(identities).size)
  await assertNumbersAgree(server)
  return people
}
