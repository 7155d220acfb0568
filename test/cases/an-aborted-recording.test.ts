/**
 * LiveKit starts an egress for each recording, and tells when it ends. It may end without having stored anything: then
 * nothing was recorded. Otherwise the recording is as long as its files, and not as long as the egress ran.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertShows, servedRoom, taken, tell } from '../feeds/served.ts'
import { postCallback } from '../feeds/twilio/callbacks.ts'
import { livekitRoom } from '../support/livekit.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

const START = NOW_MS - 600_000
const SEC = 1000

const NOT_RECORDED = { recording_enabled: false, total_recording_duration_sec: 0 }

function nanos(ms: number): string {
  return `${ms}000000`
}

/** What livekit/egress tells of one egress: its request, and when the service began and ended. */
function egress(id: string, fromMs: number) {
  const info = {
    ...{ egressId: id, roomId: 'RM_studio', roomName: 'studio', startedAt: nanos(fromMs) },
    roomComposite: { roomName: 'studio', layout: 'grid', fileOutputs: [{ filepath: 'a.mp4' }] },
  }
  const envelope = (event: string, atMs: number, more: object) => ({
    ...{ event, id: `EV_${id}_${event}`, createdAt: String(Math.floor(atMs / 1000)) },
    egressInfo: { ...info, ...more },
  })
  return {
    started: (more: object = {}) => envelope('egress_started', fromMs, more),
    ended: (status: unknown, atMs: number, more: object) =>
      envelope('egress_ended', atMs, { status, endedAt: nanos(atMs), ...more }),
  }
}

/** A FileInfo as it is listed from the beginning: livekit/egress adds size and location when the file is stored. */
const notStored = { filename: 'a.mp4', startedAt: nanos(START + 8 * SEC), endedAt: nanos(START + 8 * SEC) }
const stored = {
  ...{ filename: 'a.mp4', startedAt: nanos(START + 20 * SEC), endedAt: nanos(START + 130 * SEC) },
  ...{ duration: '110000000000', size: '9000000', location: 's3://bucket/a.mp4' },
}

/** A webhook that says that the room is being recorded. */
const active = {
  ...{ event: 'participant_joined', id: 'EV_ann', createdAt: String(START / SEC + 2) },
  room: { sid: 'RM_studio', name: 'studio', creationTime: String(START / SEC), activeRecording: true },
  participant: { sid: 'PA_ann', identity: 'ann', joinedAt: String(START / SEC + 2) },
}

async function room(server: TestServer, ...more: readonly unknown[]) {
  const studio = livekitRoom('studio', START)
  await tell(server, studio.started(), ...more)
  return await servedRoom(server, studio.sid)
}

test('an egress that is aborted before it stores anything records nothing', async t => {
  const server = await testServer(t)
  const one = egress('EG_1', START + SEC)
  assertShows(await room(server, one.started()), {
    ...{ recording_enabled: true, total_recording_duration_sec: null },
  })
  const ended = one.ended('EGRESS_ABORTED', START + 8 * SEC, { error: 'Start signal not received' })
  await tell(server, {
    ...ended,
    egressInfo: { ...ended.egressInfo, fileResults: [notStored], file: notStored },
  })
  assertShows(await servedRoom(server, 'RM_studio'), NOT_RECORDED)
})

test('the abort may come before the start, and twice', async t => {
  const server = await testServer(t)
  const one = egress('EG_1', START + SEC)
  const ended = one.ended('EGRESS_ABORTED', START + 8 * SEC, {})
  assertShows(await room(server, ended, one.started(), ended), NOT_RECORDED)
})

test('a room that said that it was being recorded was not, if its only egress was aborted', async t => {
  const server = await testServer(t)
  const one = egress('EG_1', START + SEC)
  assertShows(await room(server, active), { recording_enabled: true, total_recording_duration_sec: null })
  await tell(server, one.ended('EGRESS_ABORTED', START + 8 * SEC, { fileResults: [notStored] }))
  assertShows(await servedRoom(server, 'RM_studio'), NOT_RECORDED)
})

test('an egress that only streams makes the room active, and records nothing', async t => {
  const server = await testServer(t)
  const streaming = { roomComposite: { roomName: 'studio', streamOutputs: [{ protocol: 'RTMP' }] } }
  const one = egress('EG_1', START + SEC)
  await room(server, active)
  await tell(server, one.started(streaming))
  await tell(server, one.ended('EGRESS_COMPLETE', START + 60 * SEC, { ...streaming, streamResults: [{}] }))
  assertShows(await servedRoom(server, 'RM_studio'), NOT_RECORDED)
})

const segments = { playlistName: 'a.m3u8', duration: '112500000000', segmentCount: '19', size: '8000000' }

/** A file of which neither place nor size is stated: the status alone shows that it was stored. */
const local = { filename: 'a.mp4', duration: '110000000000' }

const ENDINGS: [what: string, status: unknown, results: object, enabled: boolean, seconds: number | null][] =
  [
    ['a file', 'EGRESS_COMPLETE', { fileResults: [stored] }, true, 110],
    ['a file, with the status as its number', 3, { file_results: [local] }, true, 110],
    ['the member of old servers', 'EGRESS_COMPLETE', { file: stored }, true, 110],
    ['both members', 'EGRESS_COMPLETE', { fileResults: [stored], file: stored }, true, 110],
    ['a limit', 'EGRESS_LIMIT_REACHED', { fileResults: [local] }, true, 110],
    ['a failure after a file', 'EGRESS_FAILED', { fileResults: [stored] }, true, 110],
    ['an abort after a file', 'EGRESS_ABORTED', { fileResults: [stored] }, true, 110],
    [
      'a failed upload',
      'EGRESS_FAILED',
      { fileResults: [{ ...notStored, duration: '9000000000' }] },
      false,
      0,
    ],
    ['a failure without results', 'EGRESS_FAILED', { error: 'no space left' }, false, 0],
    ['a failure as a number', 4, {}, false, 0],
    ['segments', 'EGRESS_COMPLETE', { segmentResults: [segments] }, true, 112],
    ['segments before a failure', 'EGRESS_FAILED', { segmentResults: [segments] }, true, 112],
    [
      'file and segments of one time',
      'EGRESS_COMPLETE',
      { fileResults: [stored], segmentResults: [segments] },
      true,
      112,
    ],
    [
      'a file without a duration',
      'EGRESS_COMPLETE',
      { fileResults: [{ ...stored, duration: undefined }] },
      ...([true, 110] as const),
    ],
    ['half a second', 'EGRESS_COMPLETE', { fileResults: [{ ...stored, duration: '500000000' }] }, true, 1],
    ['a duration that is not stated', 'EGRESS_COMPLETE', {}, true, null],
  ]

for (const [what, status, results, enabled, seconds] of ENDINGS) {
  test(`an egress that ran for 130 seconds: ${what}`, async t => {
    const server = await testServer(t)
    const one = egress('EG_1', START + SEC)
    assertShows(await room(server, one.started(), one.ended(status, START + 131 * SEC, results)), {
      ...{ recording_enabled: enabled, total_recording_duration_sec: seconds },
    })
  })
}

test('the recordings of several egresses add up, without those that stored nothing', async t => {
  const server = await testServer(t)
  const at = START + 131 * SEC
  const served = await room(
    server,
    egress('EG_1', START).ended('EGRESS_ABORTED', at, { fileResults: [notStored] }),
    egress('EG_2', START).ended('EGRESS_COMPLETE', at, { fileResults: [stored] }),
    egress('EG_3', START).ended('EGRESS_COMPLETE', at, { segmentResults: [segments] }),
  )
  assertShows(served, { recording_enabled: true, total_recording_duration_sec: 222 })
})

test('an aborted egress does not hide one that goes on', async t => {
  const server = await testServer(t)
  const served = await room(
    server,
    egress('EG_1', START).ended('EGRESS_ABORTED', START + 8 * SEC, {}),
    egress('EG_2', START + 9 * SEC).started(),
  )
  assertShows(served, { recording_enabled: true, total_recording_duration_sec: null })
})

test('the request of protocol 1.50 names its outputs in a list', async t => {
  const server = await testServer(t)
  const request = (output: object) => ({
    ...{ roomComposite: undefined, egress: { roomName: 'studio', template: {}, outputs: [output] } },
  })
  const one = egress('EG_1', START + SEC)
  await room(server, one.started(request({ stream: { urls: ['rtmp://…'] } })))
  assertShows(await servedRoom(server, 'RM_studio'), { recording_enabled: false })
  await tell(server, egress('EG_2', START + SEC).started(request({ file: { filepath: 'a.mp4' } })))
  assertShows(await servedRoom(server, 'RM_studio'), { recording_enabled: true })
})

test('Twilio: a recording that failed recorded nothing', async t => {
  const server = await testServer(t)
  const ROOM = `RM${'0123456789abcdef'.repeat(2)}`
  const callback = (event: string, at: string, more: Readonly<Record<string, string>>) => ({
    ...{ AccountSid: ACCOUNT, RoomSid: ROOM, RoomName: 'clinic', RoomType: 'group', SequenceNumber: '0' },
    ...{ StatusCallbackEvent: event, Timestamp: `2026-03-01T${at}Z`, ...more },
  })
  const recording = { RecordingSid: `RT${'d4'.repeat(16)}`, Container: 'mkv', TrackName: 'camera' }
  const failed = { ...recording, FailedOperation: 'start' }
  await taken(postCallback(server, callback('room-created', '10:00:00.000', {})))
  await taken(postCallback(server, callback('recording-failed', '10:00:09.000', failed)))
  await taken(postCallback(server, callback('recording-started', '10:00:08.000', recording)))
  // Twilio's callbacks never state that recording is off.
  assertShows(await servedRoom(server, ROOM), { recording_enabled: null, total_recording_duration_sec: 0 })

  const other = { ...recording, RecordingSid: `RT${'e5'.repeat(16)}`, Codec: 'VP8', Duration: '100' }
  await taken(postCallback(server, callback('recording-completed', '10:02:00.000', other)))
  assertShows(await servedRoom(server, ROOM), { recording_enabled: true, total_recording_duration_sec: 100 })
  assert.deepEqual((await servedRoom(server, ROOM)).codecs, ['VP8'])
})
