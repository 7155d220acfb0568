import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { signWebhook } from '../../../src/demo/livekit-webhook.ts'
import { get, LIVEKIT_KEY, LIVEKIT_SECRET, testServer } from '../../support/test-server.ts'

// Every webhook of one run of `npm run test:live -- --record`: LiveKit 1.13.5, livekit-client 2.23.0, Chromium 156.
const recording = readFileSync(new URL('./recording.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')

type Row = readonly [
  native: string,
  identity: string,
  join: string,
  leave: string,
  sec: number,
  reason: string,
  code: number | null,
  codecs: string,
]

/** Written by hand from what the participants of the run did. */
const standup: readonly Row[] = [
  ['PA_jrYZ8v28qR3g', 'ada', '01:18:03', '01:18:38', 35, 'client_left', null, 'VP8 opus'],
  ['PA_QJraggbDgdt7', 'ben', '01:18:03', '01:18:15', 12, 'client_left', null, 'H264 opus'],
  ['PA_wxRFx4gyoZwA', 'cleo', '01:18:04', '01:18:14', 10, 'duplicate_identity', 53205, 'VP8 opus'],
  ['PA_AJJ5udbdCrYM', 'dan', '01:18:05', '01:18:13', 8, 'disconnected_via_api', null, 'VP8 opus'],
  ['PA_SeSydzXaV6Ek', 'eve', '01:18:07', '01:18:16', 9, 'client_left', null, 'VP8 opus'],
  ['PA_MSXpz5LCHxFE', 'finn', '01:18:09', '01:18:38', 29, 'connection_lost', 53405, 'VP8 opus'],
  ['PA_9Uq35y4Y4fZ2', 'gus', '01:18:10', '01:18:38', 28, 'client_left', null, ''],
  ['PA_9UTat3uuPSph', 'hugo', '01:18:13', '01:18:13', 0, 'join_failed', 53104, ''],
  ['PA_ka3YyKsfkvZj', 'cleo', '01:18:14', '01:18:38', 24, 'client_left', null, 'VP8 opus'],
  ['PA_7URa5i9Pjdz6', 'ben', '01:18:16', '01:18:38', 22, 'client_left', null, 'H264 opus'],
]
const retro: readonly Row[] = [
  ['PA_t3C82pw4EgJQ', 'hal', '01:18:17', '01:18:20', 3, 'room_ended_via_api', 53118, 'VP8 opus'],
  ['PA_2c6esaWBGk77', 'ida', '01:18:19', '01:18:20', 1, 'room_ended_via_api', 53118, 'VP8 opus'],
]
const retroAgain: readonly Row[] = [
  ['PA_FfkUdAzEGCGA', 'ida', '01:18:20', '01:18:20', 0, 'client_left', null, 'VP8 opus'],
]

const rooms = [
  {
    native: 'RM_N64w9akSXxWX',
    rows: standup,
    room: {
      room_name: 'standup',
      create_time: '2026-11-23T01:18:03Z',
      end_time: '2026-11-23T01:18:40Z',
      duration_sec: 37,
      end_reason: null,
      codecs: ['VP8', 'H264', 'opus'],
      unique_participants: 9,
      unique_participant_identities: 7,
      concurrent_participants: 7,
      total_participant_duration_sec: 177,
    },
  },
  {
    native: 'RM_Cvrkt5jRbzWF',
    rows: retro,
    room: {
      room_name: 'retro',
      create_time: '2026-11-23T01:18:17Z',
      end_time: '2026-11-23T01:18:20Z',
      duration_sec: 3,
      end_reason: 'room_ended_via_api',
      codecs: ['VP8', 'opus'],
      unique_participants: 2,
      unique_participant_identities: 2,
      concurrent_participants: 2,
      total_participant_duration_sec: 4,
    },
  },
  {
    native: 'RM_qh454svHrXJP',
    rows: retroAgain,
    room: {
      room_name: 'retro',
      create_time: '2026-11-23T01:18:20Z',
      end_time: '2026-11-23T01:18:22Z',
      duration_sec: 2,
      end_reason: null,
      codecs: ['VP8', 'opus'],
      unique_participants: 1,
      unique_participant_identities: 1,
      concurrent_participants: 1,
      total_participant_duration_sec: 0,
    },
  },
]

test('the recorded webhooks of a real LiveKit server give the records of what happened in the run', async t => {
  const server = await testServer(t)
  server.clock.nowMs = Date.UTC(2026, 10, 23, 1, 19)
  for (const body of recording) {
    const signed = { apiKey: LIVEKIT_KEY, apiSecret: LIVEKIT_SECRET, body, nowMs: server.clock.nowMs }
    const headers = { authorization: await signWebhook(signed), 'content-type': 'application/webhook+json' }
    const response = await server.app.inject({ method: 'POST', url: '/feeds/livekit', headers, body })
    assert.equal(response.statusCode, 200)
  }
  const listed = await get(server, '/v1/Video/Rooms')
  assert.equal(listed.body.rooms.length, rooms.length)

  for (const { native, room, rows } of rooms) {
    const { body } = await get(server, `/v1/Video/Rooms/${native}`)
    const shown = Object.fromEntries(Object.keys(room).map(key => [key, body[key]]))
    assert.deepEqual(shown, room)
    const { body: list } = await get(server, `/v1/Video/Rooms/${native}/Participants`)
    assert.deepEqual(list.participants.map(rowOf), rows)
  }
})

interface Shown {
  participant_identity: string
  join_time: string
  leave_time: string
  duration_sec: number
  end_reason: string
  error_code: number | null
  codecs: string[]
  properties: { native_participant_sid: string }
}

function rowOf(shown: Shown): Row {
  const time = (text: string) => text.slice(11, 19)
  return [
    shown.properties.native_participant_sid,
    shown.participant_identity,
    time(shown.join_time),
    time(shown.leave_time),
    shown.duration_sec,
    shown.end_reason,
    shown.error_code,
    shown.codecs.join(' '),
  ]
}
