import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client } from 'pg'
import { StoreUnavailableError } from '../../src/store/engine/database.ts'
import { clientConfig } from '../../src/store/engine/postgres/client.ts'
import { postgresPool } from '../../src/store/engine/postgres/pool.ts'
import { cloudEvent } from '../feeds/events/cloud-events.ts'
import { newPostgres } from '../support/test-place.ts'
import { until } from '../support/until.ts'
import { eventsLetter, send } from './letters.ts'
import { assertSameAsOnce } from './same-as-once.ts'
import { addFeeds, serveOver } from './serve-over.ts'
import { queryAt } from './watch.ts'

const WITHIN_MS = 10_000
/** lock_timeout: the session of the killed process waits for a lock for at most 5 s. */
const AFTER_KILL_WITHIN_MS = 6_500
/** idle_in_transaction_session_timeout, and one lock_timeout of the process that asks. */
const AFTER_FREEZE_WITHIN_MS = 21_500
const STATES = `select state, wait_event_type "waitsFor" from pg_stat_activity
  where application_name = 'rollcall' and datname = current_database() and xact_start is not null`

test('the room that a killed process has locked is free within seconds, also if it waited for another room', async t => {
  const { place, lost, left, batch, first, letGo } = await inTheMiddle(t)
  const answer = send(lost.url, batch)
  await untilState(place, ({ waitsFor }) => waitsFor === 'Lock')
  await lost.stop('SIGKILL')
  assert.equal(await answer, undefined)
  const tookMs = await untilTaken(left.url, first)
  t.diagnostic(`the room was free ${tookMs} ms after the kill`)
  assert.ok(tookMs < AFTER_KILL_WITHIN_MS, `${tookMs} ms`)
  await letGo()
  await untilTaken(left.url, batch)
  await assertSameAsOnce(t, left.url, [[batch, first]])
})

test('the rooms that a frozen process has locked are free within seconds, and the process goes on when it wakes', async t => {
  const { place, lost, left, batch, first, letGo } = await inTheMiddle(t)
  const answer = send(lost.url, batch)
  await untilState(place, ({ waitsFor }) => waitsFor === 'Lock')
  lost.signal('SIGSTOP')
  await letGo()
  await untilState(place, ({ state }) => state === 'idle in transaction')
  const tookMs = await untilTaken(left.url, first)
  t.diagnostic(`the room was free ${tookMs} ms after the freeze`)
  assert.ok(tookMs > 5_000 && tookMs < AFTER_FREEZE_WITHIN_MS, `${tookMs} ms`)
  lost.signal('SIGCONT')
  assert.equal((await answer)?.status, 503)
  await untilTaken(lost.url, batch)
  assert.doesNotMatch(lost.stderr(), /a delivery failed|"level":50/)
  await assertSameAsOnce(t, lost.url, [[batch, first]])
})

test('a transaction that the server ended while the process was frozen is answered as unavailable', async t => {
  const { place, remove } = await newPostgres()
  t.after(remove)
  const limit = { idle_in_transaction_session_timeout: 100 }
  const pool = postgresPool({ ...clientConfig(place), ...limit, max: 1 })
  t.after(() => pool.close())
  const work = pool.run(async connection => {
    await connection.run('begin')
    // Blocks the event loop, so that not even the messages of the server are read.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    await connection.run('select 1')
  })
  await assert.rejects(work, StoreUnavailableError)
  assert.equal(await pool.run(connection => connection.run('select 1')), 1)
})

/** Two processes, and a batch for two rooms: the first room is free, and another session has locked the second. */
async function inTheMiddle(t: TestContext) {
  const { place, remove } = await newPostgres()
  t.after(remove)
  await addFeeds(place)
  const [lost, left] = [await serveOver(t, place), await serveOver(t, place)]
  const started = ['one', 'two'].map(name => event(name, 'started', 'room.started'))
  await untilTaken(left.url, eventsLetter(started))
  const rooms = await queryAt(place, 'select name from rooms order by room_sid')
  const names = rooms.map(({ name }) => String(name))
  const [free = '', taken = ''] = names
  const other = new Client({ connectionString: place })
  await other.connect()
  await other.query('begin')
  await other.query('select 1 from rooms where name = $1 for update', [taken])
  return {
    ...{ place, lost, left },
    batch: eventsLetter([...started, ...names.map(name => event(name, 'ended', 'room.ended'))]),
    first: eventsLetter([event(free, 'updated', 'room.updated')]),
    letGo: () => other.end(),
  }
}

function event(name: string, id: string, type: string) {
  return cloudEvent(`${name}-${id}`, type, '2026-03-01T11:00:00Z', { room: { key: name, name } })
}

async function untilState(place: string, isIt: (row: Record<string, unknown>) => boolean): Promise<void> {
  await until('the transaction to be in the middle', WITHIN_MS, async () =>
    (await queryAt(place, STATES)).some(isIt) ? true : undefined,
  )
}

/** Repeats a letter until it is answered 200. Resolves to how long that took. */
async function untilTaken(url: string, letter: ReturnType<typeof eventsLetter>): Promise<number> {
  const beganMs = performance.now()
  await until('a delivery to be taken', 60_000, async () => {
    const answer = await send(url, letter)
    assert.ok(answer?.status === 200 || answer?.status === 503, answer?.text)
    return answer.status === 200 || undefined
  })
  return Math.round(performance.now() - beganMs)
}
