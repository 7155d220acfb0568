import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDocument } from '../../support/markdown.ts'
import { ACCOUNT, NOW_MS, testServer } from '../../support/test-server.ts'
import {
  assertShows,
  rowsOf,
  servedParticipant,
  servedParticipants,
  servedRoom,
  servedRooms,
  taken,
} from '../served.ts'
import { cloudEvent, postCloudEvents } from './cloud-events.ts'

const room = { key: 'demo-2026-03-01', name: 'demo', type: 'group', maxParticipants: 12, region: 'eu' }
const ann = { key: 'ann-1', identity: 'ann', displayName: 'Ann' }
const annAgain = { key: 'ann-2', identity: 'ann' }
const bob = { key: 'bob-1', identity: 'bob', region: 'mars', attributes: { seat: '7', apiToken: 'hidden' } }
const bot = { key: 'bot-1', identity: 'bot', kind: 'recorder' }
const camera = { key: 'cam', kind: 'video', codec: 'video/H264' }

const PAGE = join(import.meta.dirname, '../../../docs/feeds/events.md')

let count = 0
const at = (time: string, type: string, more: object = {}) =>
  cloudEvent(`${++count}`, type, `2026-03-01T${time}Z`, { room, ...more })

/** An hour of one room: two stays of ann, bob without a leave, a recorder, and eve whose attempt failed. */
const STORY = [
  at('10:00:03', 'room.started', { room: { ...room, startedAt: '2026-03-01T11:00:00+01:00' } }),
  at('10:00:10.500', 'participant.joined', { participant: ann }),
  at('10:00:12', 'track.published', { participant: ann, track: camera }),
  at('10:00:12', 'track.published', { participant: ann, track: { key: 'mic', kind: 'audio', codec: 'red' } }),
  at('10:05:00', 'participant.joined', { participant: { ...bob, joinedAt: '2026-03-01T11:04:59+01:00' } }),
  at('10:06:00', 'participant.joined', { participant: bot }),
  at('10:06:00', 'recording.started', { recording: { key: 'rec' } }),
  at('10:10:00', 'participant.left', { participant: ann, endReason: 'connection_lost' }),
  at('10:10:05', 'participant.joined', { participant: annAgain }),
  at('10:20:00', 'participant.updated', {
    participant: { ...annAgain, publisherInfo: { name: 'acme-sdk', sdk_version: '3' }, codecs: ['AV1'] },
  }),
  at('10:30:00', 'participant.failed', { participant: { key: 'eve-1', identity: 'eve' }, errorCode: 53407 }),
  at('10:40:05', 'participant.left', { participant: annAgain, endReason: 'left_the_building' }),
  at('10:46:00', 'recording.ended', { recording: { key: 'rec', durationSec: 2400 } }),
  at('10:46:01', 'participant.left', { participant: bot, endReason: 'client_left' }),
  at('11:00:00', 'room.ended', { endReason: 'timeout' }),
]

test('a story of several people gives these records', async t => {
  const server = await testServer(t, { mediaRegions: 'eu=ie1' })
  const response = await postCloudEvents(server, STORY)
  assert.deepEqual([response.statusCode, response.json()], [200, { events: STORY.length, duplicates: 0 }])
  const [listed, ...otherRooms] = await servedRooms(server)
  assert.equal(otherRooms.length, 0)
  const sid = listed?.room_sid ?? ''
  assert.match(sid, /^RM[0-9a-f]{32}$/)
  const { url: _, links: __, ...served } = await servedRoom(server, sid)
  assert.deepEqual(served, {
    account_sid: ACCOUNT,
    room_sid: sid,
    room_name: 'demo',
    create_time: '2026-03-01T10:00:00Z',
    end_time: '2026-03-01T11:00:00Z',
    room_type: 'group',
    room_status: 'completed',
    status_callback: null,
    status_callback_method: null,
    created_method: null,
    end_reason: 'timeout',
    max_participants: 12,
    unique_participants: 3,
    unique_participant_identities: 2,
    concurrent_participants: 2,
    max_concurrent_participants: 12,
    codecs: ['H264', 'opus'],
    media_region: 'ie1',
    duration_sec: 3600,
    total_participant_duration_sec: 590 + 1800 + 3301,
    total_recording_duration_sec: 2400,
    processing_state: 'complete',
    recording_enabled: true,
    edge_location: null,
    properties: {
      ...{
        feed: 'events',
        native_room_sid: 'demo-2026-03-01',
        region: 'eu',
        metadata: null,
        breakout_of: null,
      },
      inferred: ['concurrent_participants', 'total_participant_duration_sec'],
    },
  })

  const people = await servedParticipants(server, sid)
  assert.deepEqual(
    people.map(one => [one.properties.native_participant_sid, one.join_time, one.leave_time]),
    [
      ['ann-1', '2026-03-01T10:00:10Z', '2026-03-01T10:10:00Z'],
      ['bob-1', '2026-03-01T10:04:59Z', '2026-03-01T11:00:00Z'],
      ['bot-1', '2026-03-01T10:06:00Z', '2026-03-01T10:46:01Z'],
      ['ann-2', '2026-03-01T10:10:05Z', '2026-03-01T10:40:05Z'],
      ['eve-1', '2026-03-01T10:30:00Z', '2026-03-01T10:30:00Z'],
    ],
  )
  const [first, second, third, fourth, fifth] = people
  assertShows(first, {
    ...{ participant_identity: 'ann', end_reason: 'connection_lost', error_code: 53001, duration_sec: 590 },
    codecs: ['H264', 'opus'],
    properties: { display_name: 'Ann', num_video_tracks: 1, num_audio_tracks: 1, inferred: [] },
  })
  assertShows(second, {
    ...{ participant_identity: 'bob', end_reason: 'room_ended', error_code: 53118, media_region: null },
    properties: {
      ...{ region: 'mars', attributes: { seat: '7' } },
      inferred: ['duration_sec', 'end_reason', 'error_code', 'leave_time'],
    },
  })
  assertShows(third, { properties: { kind: 'recorder', counted: false } })
  assertShows(fourth, {
    ...{ participant_identity: 'ann', end_reason: 'left_the_building', error_code: null, codecs: [] },
    publisher_info: { name: 'acme-sdk', sdk_version: '3' },
    properties: { codecs: ['AV1'] },
  })
  assertShows(fifth, {
    ...{ participant_identity: 'eve', duration_sec: 0, end_reason: null, error_code: 53407 },
    error_code_url: 'https://www.twilio.com/docs/api/errors/53407',
    properties: { counted: false },
  })
  const evidence = (await rowsOf(server, 'select native from events')).map(row => String(row['native']))
  assert.ok(evidence.every(native => !native.includes('hidden')))
})

test('unknown facts are null: a leave without a join has no join_time and no duration', async t => {
  const server = await testServer(t)
  await taken(postCloudEvents(server, at('10:00:00', 'participant.left', { participant: { key: 'only' } })))
  const [listed] = await servedRooms(server)
  assertShows(listed, {
    create_time: '2026-03-01T10:00:00Z',
    properties: { inferred: ['concurrent_participants', 'create_time', 'total_participant_duration_sec'] },
  })
  assertShows(await servedParticipant(server, listed?.room_sid ?? ''), {
    ...{ participant_identity: null, join_time: null, leave_time: '2026-03-01T10:00:00Z' },
    ...{ duration_sec: null, status: 'completed', end_reason: null, error_code: null },
    properties: { inferred: [], native_participant_sid: 'only' },
  })
})

test('a batch may tell of several rooms, and a participant key belongs to its room alone', async t => {
  const server = await testServer(t)
  const joined = (key: string) => at('10:00:00', 'participant.joined', { room: { key }, participant: ann })
  await taken(postCloudEvents(server, [joined('x'), joined('y')]))
  const rooms = await servedRooms(server)
  assert.equal(rooms.length, 2)
  const sids = await Promise.all(rooms.map(one => servedParticipant(server, one.room_sid)))
  assert.equal(new Set(sids.map(one => one.participant_sid)).size, 2)
})

test('the commands on the page of this feed make a room with ann in it', async t => {
  const server = await testServer(t)
  const texts = readDocument(PAGE).blocks.flatMap(
    ({ text }) => /<<END\n([\s\S]*?)\nEND/.exec(text)?.[1] ?? [],
  )
  assert.equal(texts.length, 1)
  const batch = texts.join('').replaceAll('$(date -u +%FT%TZ)', new Date(NOW_MS).toISOString())
  const response = await postCloudEvents(server, batch)
  assert.equal(response.body, '{"events":2,"duplicates":0}')
  const [room] = await servedRooms(server)
  assert.deepEqual([room?.room_name, room?.room_status], ['demo', 'in_progress'])
  assert.equal((await servedParticipant(server, room?.room_sid ?? '')).participant_identity, 'ann')
})
