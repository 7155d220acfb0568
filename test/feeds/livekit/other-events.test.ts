import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliver, livekitRoom } from '../../support/livekit.ts'
import { NOW_MS, testServer } from '../../support/test-server.ts'
import { assertShows, rowsOf, servedParticipants, servedRoom, servedRooms, tell } from '../served.ts'
import { postSigned } from './token.ts'

const START = NOW_MS - 600_000

/** An egress event. It names its room within egressInfo, and its times are in nanoseconds. */
function egress(event: string, id: string, atMs: number, more: object) {
  const createdAt = String(Math.floor(atMs / 1000))
  const egressInfo = { egressId: id, roomId: 'RM_studio', roomName: 'studio', ...more }
  return { event, egressInfo, id: `EV_${event}_${id}`, createdAt }
}

const nanos = (ms: number) => `${ms}000000`
const toFile = { roomComposite: { roomName: 'studio', layout: 'grid', fileOutputs: [{ filepath: 'a.mp4' }] } }
const streaming = { roomComposite: { roomName: 'studio', stream: { protocol: 'RTMP' } } }

test('an egress to a file makes the room recorded, and its duration counts', async t => {
  const server = await testServer(t)
  const room = livekitRoom('studio', START)
  await tell(server, room.started(), room.joined('ann', START + 1000))
  assertShows(await servedRoom(server, room.sid), {
    ...{ recording_enabled: false, total_recording_duration_sec: 0 },
  })

  const began = { ...toFile, startedAt: nanos(START + 10_000) }
  await tell(
    server,
    egress('egress_started', 'EG_1', START + 10_000, { ...began, status: 'EGRESS_ACTIVE' }),
    egress('egress_updated', 'EG_1', START + 20_000, { ...began, status: 'EGRESS_ENDING' }),
  )
  assertShows(await servedRoom(server, room.sid), {
    ...{ recording_enabled: true, total_recording_duration_sec: null },
  })

  const ended = { ...began, status: 'EGRESS_COMPLETE', endedAt: nanos(START + 135_900) }
  const fileResults = [{ filename: 'a.mp4', startedAt: nanos(START + 11_000), duration: '124000000000' }]
  await tell(server, egress('egress_ended', 'EG_1', START + 136_000, { ...ended, fileResults }))
  assert.equal((await servedRoom(server, room.sid)).total_recording_duration_sec, 124)

  const segments = { trackComposite: { segmentOutputs: [{ playlistName: 'a.m3u8' }] } }
  const segmentResults = [
    { playlistName: 'a.m3u8', startedAt: nanos(START + 200_000), endedAt: nanos(START + 230_000) },
  ]
  const done = { ...segments, status: 'EGRESS_COMPLETE', segmentResults }
  await tell(server, egress('egress_ended', 'EG_2', START + 231_000, done))
  assert.equal((await servedRoom(server, room.sid)).total_recording_duration_sec, 154)
  assert.equal((await servedParticipants(server, room.sid)).length, 1)
})

test('an egress that only streams records nothing', async t => {
  const server = await testServer(t)
  const room = livekitRoom('studio', START)
  const times = { startedAt: nanos(START + 10_000), endedAt: nanos(START + 70_000) }
  await tell(
    server,
    room.started(),
    egress('egress_started', 'EG_1', START + 10_000, streaming),
    egress('egress_ended', 'EG_1', START + 70_000, { ...streaming, ...times, streamResults: [{}] }),
  )
  assertShows(await servedRoom(server, room.sid), {
    ...{ recording_enabled: false, total_recording_duration_sec: 0 },
  })
})

test('a room that LiveKit says is being recorded is a recorded room of unknown duration', async t => {
  const server = await testServer(t)
  const room = livekitRoom('studio', START)
  const whole = { sid: room.sid, name: 'studio', creationTime: String(START / 1000), activeRecording: true }
  await tell(server, { ...room.started(), room: whole }, room.finished(NOW_MS))
  assertShows(await servedRoom(server, room.sid), {
    ...{ recording_enabled: true, total_recording_duration_sec: null },
  })
})

const agent = { sid: 'PA_agent', identity: 'agent', kind: 'AGENT' }
const job = { id: 'AJ_1', type: 'JT_ROOM', room: { sid: 'RM_studio', name: 'studio' }, participant: agent }
const ingress = {
  ...{ ingressId: 'IN_1', name: 'obs', roomName: 'studio', participantIdentity: 'obs' },
  state: { status: 'ENDPOINT_PUBLISHING', roomId: 'RM_studio', startedAt: nanos(START + 5000) },
}
const OTHERS: [event: string, more: object][] = [
  ['egress_started', { egressInfo: { egressId: 'EG_1', roomId: 'RM_studio', roomName: 'studio' } }],
  ['egress_updated', { egressInfo: { egressId: 'EG_1', roomId: 'RM_studio', roomName: 'studio' } }],
  ['egress_ended', { egressInfo: { egressId: 'EG_1', roomId: 'RM_studio', roomName: 'studio' } }],
  ['ingress_started', { ingressInfo: ingress }],
  ['ingress_ended', { ingressInfo: ingress }],
  ['agent_job_started', { job }],
  ['agent_job_ended', { job }],
  ['participant_waved', { room: { sid: 'RM_studio', name: 'studio' }, participant: agent }],
  ['room_painted', { room: { sid: 'RM_studio', name: 'studio' } }],
  ['participant_joined', { room: { sid: 'RM_studio', name: 'studio' } }],
  ['track_published', { room: { sid: 'RM_studio', name: 'studio' }, participant: agent }],
]

test('every other event is evidence of its room and makes no participant', async t => {
  const server = await testServer(t)
  await tell(server, livekitRoom('studio', START).started())
  for (const [index, [event, more]] of OTHERS.entries()) {
    const payload = { event, ...more, id: `EV_${index}`, createdAt: String(START / 1000 + index) }
    const response = await deliver(server, payload)
    assert.deepEqual([response.statusCode, response.json()], [200, { events: 1, duplicates: 0 }], event)
  }
  const room = await servedRoom(server, 'RM_studio')
  assertShows(room, {
    ...{ room_name: 'studio', create_time: '2026-03-01T11:50:00Z', room_status: 'in_progress' },
    ...{ unique_participants: 0, concurrent_participants: 0, properties: { inferred: [] } },
  })
  assert.deepEqual(await servedParticipants(server, 'RM_studio'), [])
  const kept = await rowsOf(server, 'select native from events order by at_ms, event_key')
  assert.deepEqual(
    kept.map(({ native }) => JSON.parse(String(native)).event).sort(),
    ['room_started', ...OTHERS.map(([event]) => event)].sort(),
  )
})

test('a webhook that names no room is kept in the log of its feed, and a repetition is counted', async t => {
  const server = await testServer(t)
  const waiting = { ingressId: 'IN_1', state: { status: 'ENDPOINT_BUFFERING' } }
  const payload = { event: 'ingress_started', ingressInfo: waiting, id: 'EV_1', createdAt: '1772366000' }
  assert.deepEqual((await deliver(server, payload)).json(), { events: 0, duplicates: 0 })
  assert.deepEqual((await deliver(server, payload)).json(), { events: 0, duplicates: 1 })
  assert.equal((await postSigned(server, '[{"event":"room_started"}]')).statusCode, 200)
  assert.equal((await postSigned(server, '{}')).statusCode, 200)

  assert.deepEqual(await servedRooms(server), [])
  const kept = await rowsOf(server, 'select reason, native from feed_payloads order by seq')
  assert.deepEqual(
    kept.map(({ reason, native }) => [reason, JSON.parse(String(native))]),
    [
      ['LiveKit event ingress_started names no room or no moment', payload],
      ['LiveKit event without a name names no room or no moment', [{ event: 'room_started' }]],
      ['LiveKit event without a name names no room or no moment', {}],
    ],
  )
})

test('a leave without a moment does not end the stay', async t => {
  const server = await testServer(t)
  const room = livekitRoom('studio', START)
  const { createdAt: _, ...left } = room.left('ann', START + 1000, START + 60_000, 'CLIENT_INITIATED')
  await tell(server, room.started(), room.joined('ann', START + 1000), left)
  const [ann] = await servedParticipants(server, room.sid)
  assertShows(ann, { status: 'in_progress', leave_time: null, end_reason: null })
})
