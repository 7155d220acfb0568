import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { feedId } from '../../src/sid.ts'
import { clientConfig } from '../../src/store/engine/postgres/client.ts'
import { postgresLease } from '../../src/store/engine/postgres/lease.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import { createStore } from '../../src/store/store.ts'
import { servedParticipant, taken } from '../feeds/served.ts'
import { postCallback } from '../feeds/twilio/callbacks.ts'
import { sweeperOf } from '../ingest/sweep/sweeper-of.ts'
import { newPostgres } from '../support/test-place.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import { serveOver } from './serve-over.ts'
import { queryAt } from './watch.ts'

const HOUR_MS = 3_600_000
/** A sweep comes every ten seconds: src/ingest/sweep/sweeper.ts. */
const NEXT_LOOK_WITHIN_MS = 12_000
const TWILIO_FEED = feedId(ACCOUNT, 'twilio', ACCOUNT)
const ROOM = `RM${'c3'.repeat(16)}`
/** The sessions that hold an advisory lock, which is the lease. */
const HOLDERS = `select pid from pg_locks where locktype = 'advisory' and granted
  and database = (select oid from pg_database where datname = current_database())`

test('one of two servers sweeps, and it counts the feeds that the other received', async t => {
  const { one, other, annJoins } = await twoServers(t)
  const [sweeper, otherSweeper] = [sweeperOf(one), sweeperOf(other)]
  await sweeper.sweep()
  await annJoins()
  one.clock.nowMs += 25 * HOUR_MS
  await sweeper.sweep()
  assert.equal(await statusOfAnn(one), 'in_progress', 'her feed was not received since')
  other.heard.set(TWILIO_FEED, one.clock.nowMs)
  await otherSweeper.sweep()
  assert.equal(await statusOfAnn(one), 'in_progress', 'the other server does not sweep')
  await sweeper.sweep()
  assert.equal(await statusOfAnn(one), 'completed')
})

test('when a server stops, the other sweeps', async t => {
  const { one, other, annJoins } = await twoServers(t)
  const [sweeper, otherSweeper] = [sweeperOf(one), sweeperOf(other)]
  await sweeper.sweep()
  await otherSweeper.sweep()
  await annJoins()
  one.clock.nowMs += 25 * HOUR_MS
  other.heard.set(TWILIO_FEED, one.clock.nowMs)
  await otherSweeper.sweep()
  assert.equal(await statusOfAnn(one), 'in_progress')
  await sweeper.stop()
  await otherSweeper.sweep()
  assert.equal(await statusOfAnn(one), 'completed')
})

test('time in which two servers were up counts once', async t => {
  const { one, other, annJoins } = await twoServers(t)
  const both = [sweeperOf(one), sweeperOf(other)]
  const pass = async (hours: number, sweepers: typeof both) => {
    one.clock.nowMs += hours * HOUR_MS
    one.heard.set(TWILIO_FEED, one.clock.nowMs)
    for (const sweeper of sweepers) await sweeper.sweep()
  }
  await annJoins()
  await pass(0, both)
  await pass(13, both)
  for (const sweeper of both) await sweeper.stop()
  one.clock.nowMs += 24 * HOUR_MS
  const later = sweeperOf(one)
  await pass(0, [later])
  assert.equal(await statusOfAnn(one), 'in_progress', 'a server was up for 13 hours, not for 26')
  await pass(10, [later])
  assert.equal(await statusOfAnn(one), 'in_progress')
  await pass(2, [later])
  assert.equal(await statusOfAnn(one), 'completed')
})

test('a server that loses the connection of the lease loses the lease', async t => {
  const { one, other } = await twoServers(t)
  assert.deepEqual([await one.store.lease.hold(), await other.store.lease.hold()], [true, false])
  assert.equal(await one.store.lease.hold(), true)
  const ended = await queryAt(one.place, `select pg_terminate_backend(pid) from (${HOLDERS}) holders`)
  assert.equal(ended.length, 1)
  await until('the other to hold it', 2_000, async () => (await other.store.lease.hold()) || undefined)
  assert.equal(await one.store.lease.hold(), false)
  await other.store.lease.release()
  assert.equal(await one.store.lease.hold(), true)
})

test('a server that does not use the session of the lease for too long loses the lease', async t => {
  const { place, remove } = await newPostgres()
  t.after(remove)
  const [frozen, awake] = [200, 60_000].map(ms =>
    postgresLease(clientConfig(place, [`idle_session_timeout=${ms}`])),
  )
  assert.ok(frozen !== undefined && awake !== undefined)
  t.after(() => Promise.all([frozen.release(), awake.release()]))
  assert.equal(await frozen.hold(), true)
  await until('the other to hold it', 2_000, async () => (await awake.hold()) || undefined)
  assert.equal(await frozen.hold(), false)
})

test('when the process that sweeps is killed, the other takes over at its next sweep', async t => {
  const { place, remove } = await newPostgres()
  t.after(remove)
  const holders = () => queryAt(place, HOLDERS)
  const first = await serveOver(t, place)
  const held = await until('the first to hold the lease', NEXT_LOOK_WITHIN_MS, async () => {
    const rows = await holders()
    return rows.length > 0 ? rows : undefined
  })
  const second = await serveOver(t, place)
  await until('the second to be up', NEXT_LOOK_WITHIN_MS, async () =>
    (await queryAt(place, 'select 1 from servers')).length === 2 ? true : undefined,
  )
  assert.deepEqual(await holders(), held)
  await first.stop('SIGKILL')
  const beganMs = performance.now()
  await until('the second to take over', NEXT_LOOK_WITHIN_MS, async () => {
    const [holder, ...others] = await holders()
    assert.deepEqual(others, [])
    return (holder !== undefined && holder['pid'] !== held[0]?.['pid']) || undefined
  })
  t.diagnostic(`taken over after ${Math.round(performance.now() - beganMs)} ms`)
  assert.equal(second.stderr(), '')
})

/** A test server, and a second one over its database, with the same clock. */
async function twoServers(t: TestContext) {
  const one = await testServer(t)
  const database = openDatabase(one.place)
  const store = await createStore(database)
  t.after(() => store.close())
  const other: TestServer = { ...one, store, database, heard: new Map() }
  const annJoins = async () => {
    await callback(one, 'room-created', {})
    const ann = { ParticipantSid: `PA${'d4'.repeat(16)}`, ParticipantIdentity: 'ann' }
    await callback(one, 'participant-connected', ann)
  }
  return { one, other, annJoins }
}

function callback(server: TestServer, name: string, more: Record<string, string>): Promise<void> {
  const room = { AccountSid: ACCOUNT, RoomSid: ROOM, RoomName: 'clinic', RoomType: 'group' }
  const at = { SequenceNumber: '0', Timestamp: new Date(NOW_MS).toISOString() }
  return taken(postCallback(server, { ...room, ...at, ...more, StatusCallbackEvent: name }))
}

async function statusOfAnn(server: TestServer): Promise<string> {
  return (await servedParticipant(server, ROOM)).status
}
