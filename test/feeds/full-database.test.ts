import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pino from 'pino'
import { hashSecret } from '../../src/api/auth.ts'
import { readConfig } from '../../src/config.ts'
import { digestOf } from '../../src/feeds/json.ts'
import { createServer } from '../../src/server.ts'
import { feedId } from '../../src/sid.ts'
import type { Database } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { createStore } from '../../src/store/store.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import {
  ACCOUNT,
  FEED_KEY,
  LIVEKIT_KEY,
  LIVEKIT_SECRET,
  NOW_MS,
  type TestServer,
  TOKEN,
  TWILIO_TOKEN,
} from '../support/test-server.ts'
import { cloudEvent, postCloudEvents } from './events/cloud-events.ts'
import { JAAS_FEED, jaasSession, postJaas } from './jaas/webhooks.ts'
import { JITSI_FEED, jitsiRoom, postJitsi } from './jitsi/event-sync.ts'
import { servedRooms } from './served.ts'
import { postCallback } from './twilio/callbacks.ts'

/** More than the pages hold that are there already. */
const LARGE = 'x'.repeat(50_000)

test('what cannot be stored now is 503 with Retry-After: 1 for every feed, and is taken when it comes again', async t => {
  const { server, database } = await serverOverDatabase(t)
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

  await database.transact(connection => connection.all('pragma max_page_count = 1'))
  for (const response of await deliverAll()) {
    assert.equal(response.statusCode, 503)
    assert.equal(response.headers['retry-after'], '1')
    assert.deepEqual([response.json().code, response.json().status], [20503, 503])
  }
  assert.deepEqual(await servedRooms(server), [], 'what is there can be read meanwhile')

  await database.transact(connection => connection.all('pragma max_page_count = 1000000'))
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

/** As `testServer`, with the engine at hand. */
async function serverOverDatabase(t: TestContext): Promise<{ server: TestServer; database: Database }> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-test-'))
  const database = openSqlite(join(folder, 'rollcall.db'))
  const store = await createStore(database)
  const tokenHash = hashSecret(TOKEN)
  await store.accounts.put({ accountSid: ACCOUNT, name: 'one', tokenHash, isDefault: 1, createdAtMs: NOW_MS })
  const feeds = [
    ['livekit', LIVEKIT_KEY, LIVEKIT_SECRET],
    ['twilio', ACCOUNT, TWILIO_TOKEN],
    ['events', digestOf(FEED_KEY), ''],
  ] as const
  const configuredFeeds = [
    ...feeds.map(([kind, authKey, secret]) => ({
      ...{ feedId: feedId(ACCOUNT, kind, authKey), accountSid: ACCOUNT },
      ...{ kind, authKey, secret, createdAtMs: NOW_MS },
    })),
    JITSI_FEED,
    JAAS_FEED,
  ]
  const clock = { nowMs: NOW_MS }
  const config = readConfig({ database: folder }, {})
  const options = { config, store, configuredFeeds, clock: () => clock.nowMs, log: pino({ level: 'silent' }) }
  const app = await createServer(options)
  t.after(async () => {
    await app.close()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { server: { app, store, folder, clock, heard: new Map(), log: [] }, database }
}
