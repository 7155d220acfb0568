import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ordersOf } from '../feeds/arrivals.ts'
import { jaasServer, jaasSession, START_MS, tellJaas } from '../feeds/jaas/webhooks.ts'
import { forgetRooms } from '../feeds/numbers.ts'
import { allStored, assertShows, servedRooms } from '../feeds/served.ts'
import { get } from '../support/test-server.ts'

/**
 * A meeting is recorded twice. When it is over, JaaS uploads both recordings and tells how long each of them is: the
 * length of the recordings of the room is their sum, and the room is over all the same.
 */
const session = jaasSession('c3348153-1027-4382-afad-5ae91b433c26')
const conference = { conference: 'standup@conference.vpaas-magic-cookie.stage.8x8.vc' }

/** The data that 8x8 documents, without the link and the participants, which no record shows. */
const uploaded = (atMs: number, name: string, fromMs: number, durationSec: number, more: object = {}) =>
  session.sent('RECORDING_UPLOADED', atMs, {
    ...{ share: true, initiatorId: 'uniqueUserIdentifier1', durationSec, recordingSessionId: name },
    ...{ startTimestamp: START_MS + fromMs, endTimestamp: START_MS + fromMs + durationSec * 1000, ...more },
  })

const STORY = [
  session.created(0),
  session.sent('RECORDING_STARTED', 10_000, conference),
  session.sent('RECORDING_ENDED', 25_000, conference),
  session.destroyed(90_000),
  uploaded(150_000, 'first', 10_000, 15),
]
const SECOND = uploaded(160_000, 'second', 40_000, 30)

const DONE = {
  ...{ total_recording_duration_sec: 45, recording_enabled: true, room_status: 'completed' },
  ...{ end_time: '2026-03-01T11:01:30Z', duration_sec: 90, properties: { inferred: [] } },
}

test('the length of the recordings is the sum of those that were uploaded, in every order', async t => {
  const server = await jaasServer(t)
  for (const order of ordersOf(STORY)) {
    await forgetRooms(server)
    await tellJaas(server, SECOND, ...order)
    assertShows((await servedRooms(server))[0], DONE)
  }
})

test('two uploads of one recording count once', async t => {
  const server = await jaasServer(t)
  const again = uploaded(165_000, 'second', 40_001, 30)
  await tellJaas(server, ...STORY, SECOND, SECOND, again)
  assertShows((await servedRooms(server))[0], DONE)
})

test('until an upload comes, it is known that there is a recording, and not how long it is', async t => {
  const server = await jaasServer(t)
  await tellJaas(server, ...STORY.slice(0, -1))
  assertShows((await servedRooms(server))[0], { total_recording_duration_sec: null, recording_enabled: true })
})

test('the moment of an upload is the end of its recording, and never later than the webhook', async t => {
  const server = await jaasServer(t)
  // In 8x8's example the recording ends months after the webhook.
  const odd = uploaded(30_000, 'odd', 10_000, 15, { endTimestamp: START_MS + 86_400_000 })
  await tellJaas(server, session.created(0), uploaded(900_000, 'first', 10_000, 15), odd)
  const [room] = await servedRooms(server)
  const { body } = await get(server, `/v1/Video/Rooms/${room?.room_sid}/Events`)
  assert.deepEqual(
    body.events.map(({ kind, time }: { kind: string; time: string }) => [kind, time]),
    [
      ['room.started', '2026-03-01T11:00:00.000Z'],
      ['recording.ended', '2026-03-01T11:00:25.000Z'],
      ['recording.ended', '2026-03-01T11:00:30.000Z'],
    ],
  )
})

test('uploads without an id of the recording are told apart by their begin, or else by the webhook', async t => {
  const server = await jaasServer(t)
  const nameless = { recordingSessionId: undefined }
  const timeless = { ...nameless, startTimestamp: undefined, endTimestamp: undefined }
  await tellJaas(
    server,
    session.created(0),
    uploaded(150_000, '', 10_000, 15, nameless),
    uploaded(160_000, '', 40_000, 30, nameless),
    uploaded(170_000, '', 0, 7, timeless),
    uploaded(180_000, '', 0, 9, timeless),
    uploaded(190_000, 'odd', 0, 1, { durationSec: 'long' }),
  )
  assertShows((await servedRooms(server))[0], { total_recording_duration_sec: 61 })
})

test('links that open a recording, and pictures of people, are not stored', async t => {
  const server = await jaasServer(t)
  const link = 'https://objectstorage.test/p/hrnGsHYw/recording.mp4'
  const participants = [{ name: 'Jane Doe', avatar: 'https://face.test/1', id: 'uniqueUserIdentifier1' }]
  const links = { preAuthenticatedLink: link, preAuthenticatedLinkV2: link, linkExpiration: 1648983143647 }
  await tellJaas(server, uploaded(150_000, 'first', 10_000, 15, { participants, ...links }))
  const speaker = { id: 'abcd1234', name: 'Jane Doe', avatarUrl: 'https://face.test/2' }
  await tellJaas(
    server,
    session.sent('TRANSCRIPTION_CHUNK_RECEIVED', 5_000, { final: 'Hello', participant: speaker }),
  )
  const stored = await allStored(server)
  assert.match(stored, /Jane Doe/)
  assert.doesNotMatch(stored, /objectstorage|face\.test/)
})

test('what JaaS sends after the end of a room is no sign that the room is used again', async t => {
  const server = await jaasServer(t)
  await tellJaas(server, ...STORY, SECOND)
  // 8x8's documentation says of each of these that it comes when the meeting ends, or after ROOM_DESTROYED.
  const types = ['CHAT_UPLOADED', 'TRANSCRIPTION_UPLOADED', 'AGGREGATED_REACTIONS', 'SCREEN_SHARING_HISTORY']
  for (const type of [...types, 'VIDEO_SEGMENT_UPLOADED']) {
    await tellJaas(server, session.sent(type, 200_000, {}))
  }
  assertShows((await servedRooms(server))[0], DONE)
})
