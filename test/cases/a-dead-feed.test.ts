import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedId } from '../../src/sid.ts'
import { assertShows, servedParticipant, servedRoom, taken } from '../feeds/served.ts'
import { postCallback } from '../feeds/twilio/callbacks.ts'
import { sweeperOf } from '../ingest/sweep/sweeper-of.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import {
  ACCOUNT,
  NOW_MS,
  OTHER_ACCOUNT,
  type TestServer,
  TWILIO_TOKEN,
  testServer,
} from '../support/test-server.ts'

/**
 * An account has stopped using its feed, and hundreds of its stays and rooms are still in progress. The silence of other
 * feeds must be noticed all the same.
 */

const HOUR = 3_600_000
const MANY = 501
const LIVE = feedId(ACCOUNT, 'twilio', ACCOUNT)
const DEAD = feedId(OTHER_ACCOUNT, 'twilio', OTHER_ACCOUNT)

const sidOf = (prefix: string, number: number) => `${prefix}${number.toString(16).padStart(32, '0')}`

/** Posts a status callback of a participant or a room, in the form that Twilio documents. */
function callback(server: TestServer, accountSid: string, name: string, atMs: number, more: object) {
  const Timestamp = new Date(atMs).toISOString()
  const fields = {
    AccountSid: accountSid,
    StatusCallbackEvent: name,
    SequenceNumber: '0',
    Timestamp,
    ...more,
  }
  return taken(postCallback(server, fields))
}

test('a stay and an empty room of a feed that is heard end, although 501 of a dead feed were silent for longer', async t => {
  const server = await testServer(t)
  await server.store.feeds.put({
    ...{ feedId: DEAD, accountSid: OTHER_ACCOUNT, kind: 'twilio', authKey: OTHER_ACCOUNT },
    ...{ secret: TWILIO_TOKEN, createdAtMs: 0 },
  })
  const numbers = [...Array(MANY).keys()]
  const crowded = { RoomSid: sidOf('RM', 0), RoomName: 'crowded' }
  const dead = numbers.flatMap(number => [
    callback(server, OTHER_ACCOUNT, 'participant-connected', NOW_MS - 2 * HOUR, {
      ...{ ...crowded, ParticipantSid: sidOf('PA', number), ParticipantIdentity: `p${number}` },
    }),
    callback(server, OTHER_ACCOUNT, 'room-created', NOW_MS - 2 * HOUR, {
      ...{ RoomSid: sidOf('RM', number + 1), RoomName: `room ${number}` },
    }),
  ])
  await Promise.all(dead)
  const clinic = { RoomSid: sidOf('RM', 0xfffff), RoomName: 'clinic' }
  const lobby = { RoomSid: sidOf('RM', 0xffffe), RoomName: 'lobby' }
  const ann = { ParticipantSid: sidOf('PA', 0xfffff), ParticipantIdentity: 'ann' }
  await callback(server, ACCOUNT, 'participant-connected', NOW_MS, { ...clinic, ...ann })
  await callback(server, ACCOUNT, 'room-created', NOW_MS, lobby)

  server.heard.delete(DEAD)
  const sweeper = sweeperOf(server)
  for (let hour = 0; hour < 26; hour++) {
    server.clock.nowMs += HOUR
    server.heard.set(LIVE, server.clock.nowMs)
    await sweeper.sweep()
  }
  assertShows(await servedParticipant(server, clinic.RoomSid), {
    ...{ status: 'completed', leave_time: '2026-03-01T12:00:00Z', end_reason: 'timeout' },
  })
  assertShows(await servedRoom(server, lobby.RoomSid), { room_status: 'completed' })
  const [open] = await server.database.reader.all<{ count: number }>(
    `select count(*) count from participants where account_sid = '${OTHER_ACCOUNT}' and is_open = 1`,
  )
  assert.equal(open?.count, MANY, 'the stays of the dead feed do not end')
})

test('of 501 rooms whose names later rooms have, one sweep ends all', async t => {
  const server = await testServer(t)
  const pairs = [...Array(MANY).keys()].flatMap(number => [
    livekitRoom(`n${number}`, NOW_MS - HOUR, `RM_first_${number}`),
    livekitRoom(`n${number}`, NOW_MS - 1_000, `RM_second_${number}`),
  ])
  await Promise.all(pairs.map(room => taken(deliver(server, room.started()))))
  server.clock.nowMs += 61_000
  await sweeperOf(server).sweep()
  const [rooms] = await server.database.reader.all<{ open: number }>(
    `select count(*) "open" from rooms where last_ms = ${Number.MAX_SAFE_INTEGER}`,
  )
  assert.equal(rooms?.open, MANY)
})
