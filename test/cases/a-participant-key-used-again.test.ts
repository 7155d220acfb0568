import { test } from 'node:test'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { assertNumbersAgree } from '../feeds/numbers.ts'
import { assertShows, servedParticipant, servedRoom, servedRooms, taken } from '../feeds/served.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

/**
 * A sender of CloudEvents uses one participant key for every visit of a person, although each stay should have its own.
 * The stay reaches from the first join to the last leave, and its duration is marked as inferred, because it has the
 * time between two visits in it.
 */
const START = NOW_MS - 3_600_000

const JOINED = 'participant.joined'
const LEFT = 'participant.left'

/** Two visits: from 0 to 60 s, and from 120 to 600 s. */
const VISITS = [
  [JOINED, 0],
  [LEFT, 60],
  [JOINED, 120],
  [LEFT, 600, 'client_left'],
] as const

async function told(server: TestServer, events: readonly (readonly [string, number, string?])[]) {
  const envelopes = events.map(([type, sec, endReason]) =>
    cloudEvent(`${type} ${sec}`, type, new Date(START + sec * 1000).toISOString(), {
      ...{ room: { key: 'r' }, participant: { key: 'ann', identity: 'ann' } },
      ...(endReason === undefined ? {} : { endReason }),
    }),
  )
  for (const envelope of envelopes) await taken(postCloudEvents(server, envelope))
  const [room] = await servedRooms(server)
  await assertNumbersAgree(server)
  return room?.room_sid ?? ''
}

test('after a second join the participant is in the room again', async t => {
  const server = await testServer(t)
  const roomSid = await told(server, VISITS.slice(0, 3))
  assertShows(await servedParticipant(server, roomSid), {
    ...{ status: 'in_progress', join_time: '2026-03-01T11:00:00Z', leave_time: null, end_reason: null },
    properties: { inferred: [] },
  })
})

test('the stay ends with the last leave, in any order, and the duration is marked as inferred', async t => {
  for (const order of [VISITS, VISITS.toReversed(), [...VISITS.slice(2), ...VISITS.slice(0, 2)]]) {
    const server = await testServer(t)
    const roomSid = await told(server, order)
    const expected = {
      ...{ status: 'completed', join_time: '2026-03-01T11:00:00Z', leave_time: '2026-03-01T11:10:00Z' },
      ...{ duration_sec: 600, end_reason: 'client_left', properties: { inferred: ['duration_sec'] } },
    }
    assertShows(await servedParticipant(server, roomSid), expected)
    assertShows(await servedRoom(server, roomSid), {
      total_participant_duration_sec: 600,
      properties: {
        inferred: ['concurrent_participants', 'create_time', 'total_participant_duration_sec'],
      },
    })
    await rebuildAll(server.store)
    assertShows(await servedParticipant(server, roomSid), expected)
  }
})

test('the reason of an earlier leave is not that of the last one', async t => {
  const server = await testServer(t)
  const roomSid = await told(server, [
    [JOINED, 0],
    [LEFT, 60, 'connection_lost'],
    [JOINED, 120],
    [LEFT, 600],
  ])
  assertShows(await servedParticipant(server, roomSid), { end_reason: null, error_code: null })
})

test('a repeated join with the same moment, and a repeated leave, change nothing', async t => {
  const server = await testServer(t)
  const roomSid = await told(server, [
    [JOINED, 0],
    [LEFT, 60],
    [LEFT, 65],
  ])
  assertShows(await servedParticipant(server, roomSid), { duration_sec: 60, properties: { inferred: [] } })
})

test('a room that ends after the second join ends the stay', async t => {
  const server = await testServer(t)
  const roomSid = await told(server, [...VISITS.slice(0, 3), ['room.ended', 300]])
  assertShows(await servedParticipant(server, roomSid), {
    ...{ leave_time: '2026-03-01T11:05:00Z', end_reason: 'room_ended' },
    properties: { inferred: ['duration_sec', 'end_reason', 'error_code', 'leave_time'] },
  })
})
