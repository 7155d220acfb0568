import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../../../src/feeds/json.ts'
import { ACCOUNT, FEED_KEY, testServer } from '../../support/test-server.ts'
import { deliveriesOf, rowsOf, servedRoom, servedRooms, taken } from '../served.ts'
import { cloudEvent, postCloudEvents } from './cloud-events.ts'

const TIME = '2026-03-01T10:00:00Z'
const started = (key: string) => cloudEvent(key, 'room.started', TIME, { room: { key, name: key } })

test('structured mode, batches and plain JSON are accepted, with one envelope or an array', async t => {
  const server = await testServer(t)
  const bodies: [type: string, body: unknown, events: number][] = [
    ['application/cloudevents+json', started('structured'), 1],
    ['application/cloudevents+json; charset=utf-8', started('with-charset'), 1],
    ['application/cloudevents-batch+json', [started('batch-1'), started('batch-2')], 2],
    ['application/cloudevents-batch+json', [], 0],
    ['application/json', started('plain'), 1],
    ['application/json', [started('array-1'), started('array-2')], 2],
    ['text/plain', started('text'), 1],
  ]
  for (const [type, body, events] of bodies) {
    const response = await postCloudEvents(server, body, { 'content-type': type })
    assert.deepEqual([response.statusCode, response.json()], [200, { events, duplicates: 0 }], type)
  }
  const names = (await servedRooms(server)).map(room => room.room_name).sort()
  assert.deepEqual(names, [
    ...['array-1', 'array-2', 'batch-1', 'batch-2', 'plain', 'structured', 'text', 'with-charset'],
  ])
})

test('binary mode is accepted: attributes are percent-encoded ce- headers, and the body is the data', async t => {
  const server = await testServer(t)
  const headers = {
    'content-type': 'application/json',
    ...{ 'ce-specversion': '1.0', 'ce-id': 'a%20b', 'ce-source': '/caf%C3%A9', 'ce-type': 'room.started' },
    ...{ 'ce-time': TIME, 'ce-subject': 'salle' },
  }
  const data = { room: { key: 'binary', name: 'salle' } }
  const response = await postCloudEvents(server, data, headers)
  assert.deepEqual([response.statusCode, response.json()], [200, { events: 1, duplicates: 0 }])
  const [room] = await servedRooms(server)
  assert.deepEqual([room?.room_name, room?.create_time], ['salle', TIME])

  const [event] = await rowsOf(server, 'select native from events')
  assert.deepEqual(JSON.parse(String(event?.['native'])), {
    ...{ specversion: '1.0', id: 'a b', source: '/café', type: 'room.started', time: TIME },
    ...{ subject: 'salle', data },
  })
  const structured = { ...started('binary'), id: 'a b', source: '/café', data }
  assert.deepEqual((await postCloudEvents(server, structured)).json(), { events: 0, duplicates: 1 })
})

test('events are the same if and only if they have the same source and id', async t => {
  const server = await testServer(t)
  const one = started('once')
  const send = async (more: object) => (await postCloudEvents(server, { ...one, ...more })).json()
  assert.deepEqual(await send({}), { events: 1, duplicates: 0 })
  assert.deepEqual(await send({}), { events: 0, duplicates: 1 })
  assert.deepEqual(await send({ type: 'room.ended', time: '2026-03-01T11:00:00Z' }), {
    ...{ events: 0, duplicates: 1 },
  })
  assert.deepEqual(await send({ source: '/other' }), { events: 1, duplicates: 0 })
  assert.deepEqual(await send({ id: 'once|' }), { events: 1, duplicates: 0 })
  assert.deepEqual(await send({ source: '/a|b', id: 'c' }), { events: 1, duplicates: 0 })
  assert.deepEqual(await send({ source: '/a', id: 'b|c' }), { events: 1, duplicates: 0 })
  const batch = [started('twice'), started('twice'), started('twice')]
  assert.deepEqual((await postCloudEvents(server, batch)).json(), { events: 1, duplicates: 2 })
  assert.equal((await servedRooms(server)).length, 2)
  assert.equal((await servedRooms(server)).filter(room => room.room_status === 'completed').length, 0)
})

test('a feed key that is missing, wrong or malformed is 401 and stores nothing', async t => {
  const server = await testServer(t)
  const refused: [authorization: string, cause: RegExp][] = [
    ['', /^No feed key: send Authorization: Bearer <key>\.$/],
    [FEED_KEY, /^No feed key/],
    [`Basic ${FEED_KEY}`, /^No feed key/],
    ['Bearer ', /^No feed key/],
    [`Bearer ${FEED_KEY} more`, /^No feed key/],
    ['Bearer wrong', /^The feed key is unknown\.$/],
    [`Bearer ${FEED_KEY}x`, /^The feed key is unknown/],
    [`Bearer ${FEED_KEY.toLowerCase()}`, /^The feed key is unknown/],
  ]
  for (const [authorization, cause] of refused) {
    const response = await postCloudEvents(server, started('gate'), { authorization })
    assert.deepEqual([response.statusCode, response.json().code], [401, 20003], authorization)
    assert.match(response.json().message, cause)
  }
  assert.deepEqual(await servedRooms(server), [])
  const lower = await postCloudEvents(server, started('gate'), { authorization: `bearer ${FEED_KEY}` })
  assert.equal(lower.statusCode, 200)
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ httpStatus, outcome, accountSid }) => [httpStatus, outcome, accountSid]),
    [...refused.map(() => [401, 'unauthentic', null]), [200, 'stored', ACCOUNT]],
  )
  assert.ok(!JSON.stringify([log, server.log]).toLowerCase().includes(FEED_KEY.toLowerCase()))
})

test('events under two keys of one account make one room', async t => {
  const server = await testServer(t)

  await server.store.feeds.put({
    ...{ feedId: `FD${'0'.repeat(32)}`, accountSid: ACCOUNT, kind: 'events', authKey: digestOf('second') },
    ...{ secret: '', createdAtMs: 0 },
  })
  await taken(postCloudEvents(server, started('shared')))
  await taken(postCloudEvents(server, started('shared'), { authorization: 'Bearer second' }))
  const [room, ...others] = await servedRooms(server)
  assert.equal(others.length, 0)
  assert.equal((await servedRoom(server, room?.room_sid ?? '')).room_name, 'shared')
})
