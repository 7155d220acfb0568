/**
 * An application attaches its own text to a room or a participant, such as the id of its session. LiveKit and
 * CloudEvents tell it, and the records show the text stated last, without secrets, if it is not too long.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { allStored, servedParticipant, servedRoom, servedRooms, taken, tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { get, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

const START = NOW_MS - 600_000

/** LiveKit's webhooks of one room, each with the metadata that room and participant have at that moment. */
function webhooks() {
  const room = livekitRoom('studio', START)
  const whole = { sid: room.sid, name: 'studio', creationTimeMs: String(START) }
  return {
    sid: room.sid,
    started: (metadata?: string) => ({ ...room.started(), room: { ...whole, metadata } }),
    joined: (metadata?: string, ofRoom?: string) => ({
      ...room.joined('ann', START + 1000, { metadata }),
      room: { ...whole, metadata: ofRoom },
    }),
    left: (metadata?: string, ofRoom?: string) => ({
      ...room.left('ann', START + 1000, START + 60_000, 'CLIENT_INITIATED', { metadata }),
      room: { ...whole, metadata: ofRoom },
    }),
    published: () => room.published('ann', START + 90_000, { sid: 'TR_1', mimeType: 'audio/opus' }),
    egress: () => ({
      ...{ event: 'egress_started', id: 'EV_egress', createdAt: String(START / 1000 + 100) },
      egressInfo: { egressId: 'EG_1', roomId: room.sid, roomName: 'studio' },
    }),
    job: () => ({
      ...{ event: 'agent_job_ended', id: 'EV_job', createdAt: String(START / 1000 + 100) },
      job: { id: 'AJ_1', room: { ...whole, metadata: 'of the moment when the job was made' } },
    }),
  }
}

async function shown(server: TestServer, sid: string) {
  const [room, ann] = [await servedRoom(server, sid), await servedParticipant(server, sid)]
  return [room.properties.metadata, ann.properties.metadata]
}

test('the records show the metadata of the room and of the participant, as it is', async t => {
  const server = await testServer(t)
  const studio = webhooks()
  const [ofRoom, ofAnn] = ['{ "session": 12345678901234567890, "plan":"gold" }', 'seat 7 🎧']
  await tell(server, studio.started(ofRoom), studio.joined(ofAnn, ofRoom))
  assert.deepEqual(await shown(server, studio.sid), [ofRoom, ofAnn])
})

test('without metadata they show null', async t => {
  const server = await testServer(t)
  const studio = webhooks()
  await tell(server, studio.started(), studio.joined())
  assert.deepEqual(await shown(server, studio.sid), [null, null])
})

test('the metadata stated last is shown, whenever it comes', async t => {
  const server = await testServer(t)
  const studio = webhooks()
  const started = studio.started('first')
  await tell(
    server,
    studio.left('last of ann', 'last'),
    started,
    studio.joined('first of ann', 'first'),
    started,
  )
  assert.deepEqual(await shown(server, studio.sid), ['last', 'last of ann'])
})

test('a whole room or participant without metadata states that it was emptied', async t => {
  const server = await testServer(t)
  const studio = webhooks()
  await tell(server, studio.started('first'), studio.joined('first', 'first'), studio.left())
  assert.deepEqual(await shown(server, studio.sid), [null, null])
})

test('webhooks that hold only ids, or a room of another moment, state nothing about metadata', async t => {
  const server = await testServer(t)
  const studio = webhooks()
  await tell(server, studio.started('kept'), studio.joined('kept', 'kept'))
  await tell(server, studio.published(), studio.egress(), studio.job())
  assert.deepEqual(await shown(server, studio.sid), ['kept', 'kept'])
})

test('secrets and addresses in JSON are dropped before anything is stored', async t => {
  const server = await testServer(t)
  const studio = webhooks()
  const ofRoom = { session: 'shown-1', accessToken: 'hidden-1', deep: [{ password: 'hidden-2', ok: true }] }
  const ofAnn = {
    id: 'shown-2',
    'to\u006ben': 'hidden-3',
    email: 'hidden-4',
    metadata: '{"secret":"hidden-5"}',
  }
  const escaped = JSON.stringify(ofAnn).replace('token', 'to\\u006ben')
  await tell(server, studio.started(JSON.stringify(ofRoom)), studio.joined(escaped, JSON.stringify(ofRoom)))
  const kept = ['{"session":"shown-1","deep":[{"ok":true}]}', '{"id":"shown-2","metadata":"{}"}']
  assert.deepEqual(await shown(server, studio.sid), kept)

  const { body } = await get(server, `/v1/Video/Rooms/${studio.sid}/Events`)
  const [native] = body.events.map((event: { native: { room: { metadata: string } } }) => event.native.room)
  assert.equal(native.metadata, kept[0])
  assert.doesNotMatch((await allStored(server)) + JSON.stringify(body), /hidden-\d/)
  await rebuildAll(server.store)
  assert.deepEqual(await shown(server, studio.sid), kept)
})

test('metadata of more than 4,096 characters is not shown, and replaces what was there', async t => {
  const server = await testServer(t)
  const studio = webhooks()
  const longest = '🎧'.repeat(2048)
  await tell(server, studio.started(longest), studio.joined(longest, longest))
  assert.deepEqual(await shown(server, studio.sid), [longest, longest])
  await tell(server, studio.left(`${longest}.`, `${longest}.`))
  assert.deepEqual(await shown(server, studio.sid), [null, null])
})

test('metadata that cannot be read as JSON, or is nested too deeply, refuses no event', async t => {
  const server = await testServer(t)
  const studio = webhooks()
  await tell(
    server,
    studio.started('{"session":'),
    studio.joined(`${'['.repeat(2000)}${']'.repeat(2000)}`, '{"session":'),
  )
  assert.deepEqual(await shown(server, studio.sid), ['{"session":', null])
})

test('CloudEvents: metadata is a text, or JSON, which is shown as a text', async t => {
  const server = await testServer(t)
  const told = [
    ['room.started', 0, { metadata: { session: 7, token: 'hidden-1' } }, { metadata: 'seat 7' }],
    ['participant.joined', 1, {}, { metadata: 'seat 7' }],
    ['participant.updated', 2, { metadata: 'later' }, {}],
  ] as const
  const events = told.map(([type, sec, room, participant]) =>
    cloudEvent(`${sec}`, type, new Date(START + sec * 1000).toISOString(), {
      room: { key: 'r', ...room },
      participant: { key: 'ann-1', identity: 'ann', ...participant },
    }),
  )
  await taken(postCloudEvents(server, events.slice(0, 2)))
  const [{ room_sid: sid } = { room_sid: '' }] = await servedRooms(server)
  assert.deepEqual(await shown(server, sid), ['{"session":7}', 'seat 7'])
  await taken(postCloudEvents(server, events))
  assert.deepEqual(await shown(server, sid), ['later', 'seat 7'])
  assert.doesNotMatch(await allStored(server), /hidden-\d/)

  const emptied = { room: { key: 'r', metadata: null }, participant: { key: 'ann-1', metadata: '' } }
  const last = cloudEvent('9', 'participant.updated', new Date(START + 9000).toISOString(), emptied)
  await taken(postCloudEvents(server, last))
  assert.deepEqual(await shown(server, sid), [null, null])
})
