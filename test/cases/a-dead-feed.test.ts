import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../src/event.ts'
import { feedId } from '../../src/sid.ts'
import { assertShows, servedParticipant, servedRoom, taken } from '../feeds/served.ts'
import { postCallback } from '../feeds/twilio/callbacks.ts'
import { sweeperOf } from '../ingest/sweep/sweeper-of.ts'
import { applyEvents } from '../support/queue-of.ts'
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
  const from = { accountSid: OTHER_ACCOUNT, feedId: DEAD, feedKind: 'twilio', receivedAtMs: NOW_MS }
  const common = { atMs: NOW_MS - 2 * HOUR, room: {}, participant: {} }
  await applyEvents(server.store, from, [
    ...numbers.map((number): Event => {
      const participantSid = sidOf('PA', number)
      return {
        kind: 'participant.joined',
        key: `join ${number}`,
        ...common,
        roomSid: sidOf('RM', 0),
        participantSid,
      }
    }),
    ...numbers.map((number): Event => {
      const roomSid = sidOf('RM', number + 1)
      return { kind: 'room.started', key: `start ${number}`, ...common, roomSid }
    }),
  ])
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
  const from = { accountSid: ACCOUNT, feedId: 'FDlivekit', feedKind: 'livekit', receivedAtMs: NOW_MS }
  const pairs = [...Array(MANY).keys()].flatMap(number =>
    [NOW_MS - HOUR, NOW_MS - 1_000].map((atMs, index): Event => {
      const roomSid = sidOf('RM', 2 * number + index)
      return { kind: 'room.started', key: roomSid, atMs, roomSid, room: { name: `n${number}` } }
    }),
  )
  await applyEvents(server.store, from, pairs)
  server.clock.nowMs += 61_000
  await sweeperOf(server).sweep()
  const [rooms] = await server.database.reader.all<{ open: number }>(
    `select count(*) "open" from rooms where last_ms = ${Number.MAX_SAFE_INTEGER}`,
  )
  assert.equal(rooms?.open, MANY)
})
