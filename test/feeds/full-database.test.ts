import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { goOnWriting, stopWriting } from '../support/outage.ts'
import { ACCOUNT, NOW_MS, testServer } from '../support/test-server.ts'
import { cloudEvent, postCloudEvents } from './events/cloud-events.ts'
import { JAAS_FEED, jaasSession, postJaas } from './jaas/webhooks.ts'
import { JITSI_FEED, jitsiRoom, postJitsi } from './jitsi/event-sync.ts'
import { servedRooms } from './served.ts'
import { postCallback } from './twilio/callbacks.ts'

/** More than the free space in the pages of the new database. */
const LARGE = 'x'.repeat(50_000)

test('every feed answers 503 with Retry-After: 1 while nothing can be stored, and accepts the repetition', async t => {
  const server = await testServer(t, {}, [JITSI_FEED, JAAS_FEED])
  const at = new Date(NOW_MS - 60_000).toISOString()
  const deliverAll = async () => [
    await deliver(server, { ...livekitRoom('full', NOW_MS - 60_000).started(), metadata: LARGE }),
    await postCallback(server, {
      ...{ AccountSid: ACCOUNT, RoomSid: `RM${'1'.repeat(32)}`, RoomName: 'full', Timestamp: at },
      ...{ StatusCallbackEvent: 'room-created', More: LARGE },
    }),
    await postCloudEvents(server, {
      ...cloudEvent('1', 'room.started', at, { room: { key: 'full', name: 'full' } }),
      more: LARGE,
    }),
    await postJitsi(server, { ...jitsiRoom('full').created(NOW_MS / 1000 - 60), more: LARGE }),
    await postJaas(server, { ...jaasSession('full').created(0), more: LARGE }),
  ]

  await stopWriting(server)
  for (const response of await deliverAll()) {
    assert.equal(response.statusCode, 503)
    assert.equal(response.headers['retry-after'], '1')
    assert.deepEqual([response.json().code, response.json().status], [20503, 503])
  }
  assert.deepEqual(await servedRooms(server), [], 'the API can be read meanwhile')

  await goOnWriting(server)
  for (const response of await deliverAll()) assert.equal(response.statusCode, 200, response.body)
  const rooms = await servedRooms(server)
  assert.deepEqual(rooms.map(room => room.properties.feed).sort(), [
    'events',
    'jaas',
    'jitsi',
    'livekit',
    'twilio',
  ])
  await server.app.close()
  const log = await server.store.deliveries.last(100)
  assert.deepEqual(
    log.map(({ httpStatus, outcome, accountSid }) => [httpStatus, outcome, accountSid]),
    [...Array(5).fill([503, 'unavailable', ACCOUNT]), ...Array(5).fill([200, 'stored', ACCOUNT])],
  )
})
