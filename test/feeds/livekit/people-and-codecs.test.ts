import assert from 'node:assert/strict'
import { test } from 'node:test'
import { livekitRoom } from '../../support/livekit.ts'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { NOW_MS, testServer } from '../../support/test-server.ts'
import { assertShows, servedParticipant, servedParticipants, servedRoom, tell } from '../served.ts'
import { TRACK_UNPUBLISHED } from './samples.ts'

const START = NOW_MS - 600_000

const KINDS: [facts: object, kind: string][] = [
  [{ kind: 'STANDARD' }, 'person'],
  [{}, 'person'],
  [{ kind: 0 }, 'person'],
  [{ kind: 'INGRESS' }, 'ingress'],
  [{ kind: 'EGRESS' }, 'recorder'],
  [{ kind: 2 }, 'recorder'],
  [{ kind: 'SIP' }, 'sip'],
  [{ kind: 'AGENT' }, 'agent'],
  [{ kind: 4, permission: { hidden: true } }, 'agent'],
  [{ kind: 'CONNECTOR' }, 'connector'],
  [{ kind: 'BRIDGE' }, 'bridge'],
  [{ kind: 'HOLOGRAM' }, 'other'],
  [{ kind: 'constructor' }, 'other'],
  [{ permission: { canSubscribe: true, hidden: true } }, 'hidden'],
  [{ permission: { recorder: true, hidden: true } }, 'recorder'],
]

test('a participant who is not a person is listed with its kind and not counted', async t => {
  const server = await testServer(t)
  const room = livekitRoom('mixed', START)
  await tell(server, room.started())
  for (const [index, [facts]] of KINDS.entries()) {
    const joinedAtMs = START + index * 1000
    await tell(
      server,
      room.joined(`p${index}`, joinedAtMs, facts),
      room.left(`p${index}`, joinedAtMs, joinedAtMs + 100_000, 'CLIENT_INITIATED', facts),
    )
  }
  const served = await servedParticipants(server, room.sid)
  assert.deepEqual(
    served.map(({ participant_identity, properties }) => [
      ...[participant_identity, properties.kind, properties.counted],
    ]),
    KINDS.map(([, kind], index) => [`p${index}`, kind, kind === 'person' || kind === 'sip']),
  )
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 4, unique_participant_identities: 4, concurrent_participants: 4 },
    total_participant_duration_sec: 400,
  })
})

test('a participant known only from a track stops counting once the join says that it is an agent', async t => {
  const server = await testServer(t)
  const room = livekitRoom('early', START)
  await tell(server, room.published('helper', START + 2000, { sid: 'TR_1', mimeType: 'audio/opus' }))
  assertShows(await servedParticipant(server, room.sid), {
    ...{ join_time: '2026-03-01T11:50:02Z', status: 'in_progress' },
    properties: { kind: 'person', counted: true, inferred: ['join_time'] },
  })
  assert.equal((await servedRoom(server, room.sid)).unique_participants, 1)

  await tell(server, room.joined('helper', START + 1000, { kind: 'AGENT' }))
  assertShows(await servedParticipant(server, room.sid), {
    ...{ join_time: '2026-03-01T11:50:01Z', codecs: ['opus'] },
    properties: { kind: 'agent', counted: false, inferred: [] },
  })
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 0, unique_participant_identities: 0, concurrent_participants: 0 },
  })
})

test('attributes with the names of addresses are shown, also after a rebuild', async t => {
  const server = await testServer(t)
  const room = livekitRoom('named', START)
  const attributes = { email: 'ann@acme.test', address: 'Main Street', ip: 'yes' }
  await tell(server, room.joined('ann', START, { attributes }))
  assertShows(await servedParticipant(server, room.sid), { properties: { attributes } })
  await rebuildAll(server.store)
  assertShows(await servedParticipant(server, room.sid), { properties: { attributes } })
})

test('codecs are those of the Twilio API in its order, RED audio is opus, and properties has all', async t => {
  const server = await testServer(t)
  const room = livekitRoom('codecs', START)
  const mimeTypes = ['audio/red', 'video/AV1', 'video/vp9', 'video/H264', 'video/VP8', 'audio/opus']
  await tell(server, room.started(), room.joined('ann', START))
  for (const [index, mimeType] of mimeTypes.entries()) {
    const type = mimeType.startsWith('video') ? { type: 'VIDEO' } : {}
    await tell(server, room.published('ann', START + 1000, { sid: `TR_${index}`, mimeType, ...type }))
  }
  await tell(server, room.published('ann', START + 1000, { sid: 'TR_data', type: 'DATA' }))
  assertShows(await servedParticipant(server, room.sid), {
    codecs: ['VP8', 'H264', 'VP9', 'opus'],
    properties: {
      codecs: ['AV1', 'H264', 'VP8', 'VP9', 'opus'],
      ...{ num_audio_tracks: 2, num_video_tracks: 4, num_data_tracks: 1 },
    },
  })
  assert.deepEqual((await servedRoom(server, room.sid)).codecs, ['VP8', 'H264', 'VP9', 'opus'])
})

test('a track that is published, published again and unpublished is one track', async t => {
  const server = await testServer(t)
  const room = livekitRoom('muted', START)
  const track = { sid: 'TR_1', type: 'VIDEO', mimeType: 'video/VP8' }
  const unpublished = { ...room.published('ann', START + 9000, track), event: 'track_unpublished' }
  await tell(server, room.published('ann', START, track), room.published('ann', START, track), unpublished)
  assert.equal((await servedParticipant(server, room.sid)).properties.num_video_tracks, 1)
})

test('codecs come from the tracks that a leave repeats, never from the codecs that the room allows', async t => {
  const server = await testServer(t)
  const room = livekitRoom('repeated', START)
  const tracks = [{ sid: 'TR_1', mimeType: 'video/AV1' }, { sid: 'TR_2' }]
  await tell(server, room.left('ann', START, START + 5000, 'CLIENT_INITIATED', { tracks }))
  assertShows(await servedParticipant(server, room.sid), {
    ...{ codecs: [], properties: { codecs: ['AV1'] } },
  })
  assert.deepEqual((await servedRoom(server, room.sid)).codecs, [])
})

test('a real track_unpublished whose join was lost makes a record that marks what is inferred', async t => {
  const server = await testServer(t)
  await tell(server, TRACK_UNPUBLISHED)
  const { url: _, ...one } = await servedParticipant(server, TRACK_UNPUBLISHED.room.sid)
  assert.deepEqual(one, {
    participant_sid: one.participant_sid,
    participant_identity: 'ab7d6065-44a4-4385-b225-b95a490bf062',
    join_time: '2026-02-17T18:11:47Z',
    leave_time: null,
    duration_sec: null,
    account_sid: one.account_sid,
    room_sid: one.room_sid,
    status: 'in_progress',
    codecs: ['opus'],
    end_reason: null,
    error_code: null,
    error_code_url: null,
    media_region: null,
    properties: {
      feed: 'livekit',
      native_room_sid: 'RM_nHPUfmxXrHry',
      native_participant_sid: 'PA_eU7nwP2s3FcN',
      kind: 'person',
      counted: true,
      display_name: null,
      attributes: {},
      metadata: null,
      codecs: ['opus'],
      region: null,
      inferred: ['join_time'],
      num_audio_tracks: 1,
      num_video_tracks: 0,
      num_data_tracks: 0,
      record_on_connect: null,
      is_adhoc: null,
    },
    edge_location: null,
    publisher_info: {},
  })
})

test('the settings map regions and name the attributes that hold the client', async t => {
  const settings = { mediaRegions: 'eu-west=ie1', publisherAttributes: 'name=sdk,sdk_version=sdkVersion' }
  const server = await testServer(t, settings)
  const room = livekitRoom('regions', START)
  const attributes = { sdk: 'livekit-client', sdkVersion: '2.23.0', seat: '7' }
  await tell(
    server,
    room.joined('ann', START, { region: 'eu-west', attributes }),
    room.joined('bob', START + 1000, { region: 'mars', attributes: {} }),
    room.joined('cat', START + 2000, { region: 'constructor' }),
  )
  const served = await servedParticipants(server, room.sid)
  assert.deepEqual(
    served.map(({ media_region, properties, publisher_info }) => [
      ...[media_region, properties.region, properties.attributes, publisher_info],
    ]),
    [
      ['ie1', 'eu-west', attributes, { name: 'livekit-client', sdk_version: '2.23.0' }],
      [null, 'mars', {}, {}],
      [null, 'constructor', {}, {}],
    ],
  )
})
