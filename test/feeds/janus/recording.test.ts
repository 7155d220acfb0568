import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { answersOf, assertNumbersAgree } from '../numbers.ts'
import { assertShows, type ServedParticipant, servedParticipants } from '../served.ts'
import { type JanusTestServer, janusServer, post } from './janus-server.ts'
import { AFTER_RECORDING_MS, LONG_AFTER_RECORDING_MS, recording } from './recording.ts'
import { roomsByStart } from './told.ts'
import { dial, listen, untilDelivered } from './web-socket.ts'

type Row = readonly [
  nativeId: string,
  identity: string,
  displayName: string,
  join: string,
  leave: string,
  sec: number,
  reason: string,
  code: number | null,
  codecs: string,
  inferred: string,
]

const CLOSED = 'end_reason'
const LOST = 'end_reason error_code'
const WITH_ROOM = 'duration_sec end_reason error_code leave_time'

/** Written by hand from what people did in the recorded run: bob leaves, alice closes her tab. */
const meeting77: readonly Row[] = [
  [
    '3626057168591350',
    'meeting-77/alice',
    'alice',
    '22:18:38',
    '22:18:54',
    16,
    'connection_lost',
    53001,
    'VP8 opus',
    LOST,
  ],
  [
    '7843684407198681',
    'meeting-77/bob',
    'bob',
    '22:18:44',
    '22:18:52',
    8,
    'client_left',
    null,
    'VP8 opus',
    CLOSED,
  ],
]
/** Carol leaves, comes back under the same id and is kicked; dave is there when the room is destroyed. */
const room5001: readonly Row[] = [
  ['42', 'm/carol', 'carol', '22:20:24', '22:20:32', 8, 'client_left', null, 'H264 opus', CLOSED],
  ['42', 'm/carol', 'carol', '22:20:33', '22:20:36', 3, 'disconnected_via_api', null, 'VP9 opus', ''],
  [
    '286973299118895',
    'm/dave',
    'dave',
    '22:20:40',
    '22:20:43',
    3,
    'room_ended_via_api',
    53118,
    'opus',
    WITH_ROOM,
  ],
]
/** Erin unpublishes and leaves; frank only listens, and his socket closes. */
const erinAndFrank: readonly Row[] = [
  ['6111454791187113', 'm/erin', 'erin', '22:20:46', '22:20:51', 5, 'client_left', null, 'VP8 opus', CLOSED],
  ['2367863865375396', 'm/frank', 'frank', '22:20:53', '22:20:55', 2, 'connection_lost', 53001, '', LOST],
]
/** Gina's HTTP client falls silent, hank's browser is frozen: Janus gives both up. */
const ginaAndHank: readonly Row[] = [
  ['1536755297832203', 'm/http-gina', 'gina', '22:21:57', '22:22:21', 24, 'connection_lost', 53001, '', LOST],
  [
    '5833948440639875',
    'm/hank',
    'hank',
    '22:21:58',
    '22:22:37',
    39,
    'connection_lost',
    53001,
    'VP8 opus',
    LOST,
  ],
]
/** Ivy closes her tab. */
const ivy: readonly Row[] = [
  ['2134949749402744', 'm/ivy', 'ivy', '22:23:07', '22:23:11', 4, 'connection_lost', 53001, 'VP8 opus', LOST],
]

const OF_CONFIGURATION = { room_name: '1234', end_reason: null, room_status: 'completed', room_type: 'group' }
const NOTHING_STATED = {
  properties: { feed: 'janus', inferred: ['create_time', 'duration_sec', 'end_time'] },
}

/** Each room with its stays. Its numbers are stays, identities, the most people at once, and the sum of their seconds. */
const rooms = [
  { rows: meeting77, ...room('22:18:38', '22:18:54', 16, [2, 2, 2, 24], ['VP8', 'opus']) },
  {
    rows: room5001,
    shown: {
      ...room('22:20:24', '22:20:43', 19, [3, 2, 1, 14], ['H264', 'VP9', 'opus']).shown,
      ...{ room_name: '5001', end_reason: 'room_ended_via_api' },
      // They follow from dave's leave, which was not stated.
      properties: { inferred: ['concurrent_participants', 'total_participant_duration_sec'] },
    },
  },
  { rows: erinAndFrank, ...room('22:20:46', '22:20:55', 9, [2, 2, 1, 7], ['VP8', 'opus']) },
  { rows: ginaAndHank, ...room('22:21:57', '22:22:37', 40, [2, 2, 2, 63], ['VP8', 'opus']) },
  { rows: ivy, ...room('22:23:07', '22:23:11', 4, [1, 1, 1, 4], ['VP8', 'opus']) },
]

test('a recorded run of a real Janus gives the records of what people did in it', async t => {
  const server = await janusServer(t, AFTER_RECORDING_MS)
  for (const event of recording) await take(server, event)

  const last = (await roomsByStart(server)).at(-1)
  const open = { room_status: 'in_progress', end_time: null, duration_sec: null }
  assertShows(last, { ...open, properties: { inferred: ['create_time'] } }, 'somebody may still join')
  await server.sweepAt(AFTER_RECORDING_MS + 10_000)
  assertShows((await roomsByStart(server)).at(-1), open, 'too early')
  await server.sweepAt(LONG_AFTER_RECORDING_MS)

  const told = await roomsByStart(server)
  assert.equal(told.length, rooms.length)
  for (const [index, { shown, rows }] of rooms.entries()) {
    assertShows(told[index], shown)
    const people = await servedParticipants(server, told[index]?.room_sid ?? '')
    assert.deepEqual(people.map(rowOf), rows)
    assert.ok(people.every(one => one.status === 'completed' && one.properties.counted))
  }
  await assertNumbersAgree(server)
})

test('single events, groups, compressed groups and a WebSocket give the same answers', async t => {
  const byOne = await answersAfter(t, async server => {
    for (const event of recording) await take(server, event)
  })
  const inGroups = await answersAfter(t, async server => {
    for (const group of groups([1, 3, 30, 100])) await take(server, group)
  })
  const compressed = await answersAfter(t, async server => {
    for (const group of groups([7, 20])) await take(server, gzipSync(group))
  })
  const bySocket = await answersAfter(t, async server => {
    const socket = await dial(await listen(server))
    const sent = groups([1, 2, 50])
    for (const group of sent) socket.send(group)
    await untilDelivered(server, sent.length)
    socket.close()
  })
  assert.ok(byOne.length > 15)
  assert.deepEqual(inGroups, byOne)
  assert.deepEqual(compressed, byOne)
  assert.deepEqual(bySocket, byOne)
})

/** The recording in groups of these sizes, which are repeated. */
function groups(sizes: readonly number[]): string[] {
  const rest = [...recording]
  const all: string[] = []
  while (rest.length > 0) all.push(`[${rest.splice(0, sizes[all.length % sizes.length]).join(',')}]`)
  return all
}

async function answersAfter(t: TestContext, deliver: (server: JanusTestServer) => Promise<void>) {
  const server = await janusServer(t, AFTER_RECORDING_MS)
  await deliver(server)
  return await answersOf(server)
}

async function take(server: JanusTestServer, body: string | Buffer): Promise<void> {
  const response = await post(server, body)
  assert.equal(response.statusCode, 200, response.body)
}

function room(from: string, to: string, sec: number, numbers: readonly number[], codecs: readonly string[]) {
  const [stays, identities, peak, totalSec] = numbers
  const shown = {
    ...OF_CONFIGURATION,
    ...NOTHING_STATED,
    create_time: `2026-11-22T${from}Z`,
    end_time: `2026-11-22T${to}Z`,
    duration_sec: sec,
    codecs,
    unique_participants: stays,
    unique_participant_identities: identities,
    concurrent_participants: peak,
    total_participant_duration_sec: totalSec,
  }
  return { shown }
}

function rowOf(shown: ServedParticipant): Row {
  const { native_participant_sid, display_name, inferred } = shown.properties
  const time = (text: string | null) => text?.slice(11, 19) ?? ''
  return [
    native_participant_sid ?? '',
    shown.participant_identity ?? '',
    display_name ?? '',
    time(shown.join_time),
    time(shown.leave_time),
    shown.duration_sec ?? -1,
    shown.end_reason ?? '',
    shown.error_code,
    shown.codecs.join(' '),
    inferred.join(' '),
  ]
}
