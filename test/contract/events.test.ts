import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { taken, tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import {
  ACCOUNT,
  basic,
  get,
  NOW_MS,
  OTHER_ACCOUNT,
  OTHER_TOKEN,
  testServer,
} from '../support/test-server.ts'

const START = NOW_MS - 600_000
const ROOM = '/v1/Video/Rooms/RM_x'

test('the events of a room and of a participant are listed by time, with their payloads and when they came', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(server, room.left('ann', START + 1500, START + 61_000, 'PARTICIPANT_REMOVED'))
  server.clock.nowMs = NOW_MS + 5000
  await tell(server, room.joined('ann', START + 1500), room.started(), room.joined('bob', START + 70_000))

  const { body } = await get(server, `${ROOM}/Events`)
  assert.deepEqual(
    body.events.map((event: Record<string, unknown>) => [
      event['kind'],
      event['time'],
      event['received_time'],
    ]),
    [
      ['room.started', '2026-03-01T11:50:00.000Z', '2026-03-01T12:00:05.000Z'],
      ['participant.joined', '2026-03-01T11:50:01.000Z', '2026-03-01T12:00:05.000Z'],
      ['participant.left', '2026-03-01T11:51:01.000Z', '2026-03-01T12:00:00.000Z'],
      ['participant.joined', '2026-03-01T11:51:10.000Z', '2026-03-01T12:00:05.000Z'],
    ],
  )
  const left = body.events[2]
  const { body: participant } = await get(server, `${ROOM}/Participants/PA_ann`)
  assert.equal(left.participant_sid, participant.participant_sid)
  assert.equal(left.room_sid, participant.room_sid)
  assert.deepEqual([left.account_sid, left.feed, left.duplicates, left.others], [ACCOUNT, 'livekit', 0, []])
  assert.match(left.feed_id, /^FD[0-9a-f]{32}$/)
  assert.equal(left.native.participant.disconnectReason, 'PARTICIPANT_REMOVED')
  assert.equal(left.facts.endReason, 'disconnected_via_api')
  assert.equal(left.facts.participant.identity, 'ann')
  assert.equal(body.events[0].participant_sid, null)
  assert.ok(!JSON.stringify(body).includes('turn-password'))

  const { body: ofAnn } = await get(server, `${ROOM}/Participants/PA_ann/Events`)
  assert.deepEqual(ofAnn.events, [body.events[1], left])
  assert.deepEqual((await get(server, `${ROOM}/Participants/${participant.participant_sid}/Events`)).body, {
    ...ofAnn,
  })
})

test('a repeated payload is counted, and another payload under the same key is listed in others', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  const joined = room.joined('ann', START)
  await tell(server, joined, joined, joined)
  server.clock.nowMs = NOW_MS + 7000
  await tell(server, { ...room.joined('mallory', START, { sid: 'PA_ann' }), id: joined.id })
  const [event] = (await get(server, `${ROOM}/Events`)).body.events
  assert.equal(event.duplicates, 3)
  assert.equal(event.native.participant.identity, 'ann')
  assert.deepEqual(
    event.others.map((other: Record<string, unknown>) => other['received_time']),
    ['2026-03-01T12:00:07.000Z'],
  )
  assert.equal(event.others[0].native.participant.identity, 'mallory')
})

test('a payload is listed without addresses, also where the record shows the member that holds one', async t => {
  const server = await testServer(t)
  const attributes = { email: 'ann@example.com', tier: 'gold' }
  const data = { room: { key: 'r' }, participant: { key: 'p', attributes } }
  await taken(
    postCloudEvents(server, [cloudEvent('e', 'participant.joined', new Date(START).toISOString(), data)]),
  )
  const [room] = (await get(server, '/v1/Video/Rooms')).body.rooms
  const path = `/v1/Video/Rooms/${room.room_sid}`
  const [participant] = (await get(server, `${path}/Participants`)).body.participants
  assert.deepEqual(participant.properties.attributes, attributes)
  const [event] = (await get(server, `${path}/Events`)).body.events
  assert.deepEqual(event.native.data.participant.attributes, { tier: 'gold' })
})

test('events are paged like every list, also events of one moment', async t => {
  const server = await testServer(t)
  const time = new Date(START).toISOString()
  const data = { room: { key: 'r' }, participant: { key: 'p' } }
  const events = Array.from({ length: 25 }, (_, index) =>
    cloudEvent(`e${String(index).padStart(2, '0')}`, 'participant.updated', time, data),
  )
  await taken(postCloudEvents(server, events.toReversed()))
  const [room] = (await get(server, '/v1/Video/Rooms')).body.rooms
  const path = `/v1/Video/Rooms/${room.room_sid}/Events`
  const keys: string[] = []
  let url: string | null = `${path}?PageSize=10`
  const pages = []
  while (url !== null) {
    const { body } = await get(server, url)
    pages.push(body)
    keys.push(...body.events.map((event: { key: string }) => event.key))
    const next: string | null = body.meta.next_page_url
    url = next === null ? null : next.slice(next.indexOf('/v1'))
  }
  assert.deepEqual(
    keys,
    events.map(({ id }) => `/test|${id}`),
  )
  assert.equal(pages.length, 3)
  const back: string = pages[2].meta.previous_page_url
  assert.deepEqual((await get(server, back.slice(back.indexOf('/v1')))).body.events, pages[1].events)
  assert.equal(pages[0].meta.key, 'events')
})

test("the events of another account's room, and of unknown rooms and participants, are 404", async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', START))
  const { body } = await get(server, `${ROOM}/Participants/PA_ann`)
  const own = `/v1/Video/Rooms/${body.room_sid}`
  for (const path of [`${own}/Events`, `${own}/Participants/${body.participant_sid}/Events`]) {
    assert.equal((await get(server, path)).status, 200)
    assert.equal((await get(server, path, basic(OTHER_ACCOUNT, OTHER_TOKEN))).status, 404)
  }
  for (const path of [
    `${own}/Participants/PA_nobody/Events`,
    '/v1/Video/Rooms/RM_none/Events',
    '/v1/Video/Rooms/x/Events',
  ]) {
    assert.equal((await get(server, path)).status, 404, path)
  }
})
