import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'pg'
import { ACCOUNT_SID, AUTH_TOKEN } from '../crash/rollcall-server.ts'
import { livekitRoom } from '../support/livekit.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { ask } from '../support/running-server.ts'
import { newPostgres } from '../support/test-place.ts'
import { until } from '../support/until.ts'
import { livekitLetter, send } from './letters.ts'
import { addFeeds, SETTINGS, serveOver } from './serve-over.ts'
import { queryAt } from './watch.ts'

const START_MS = Date.UTC(2026, 1, 1)
const ROOMS = '/v1/Video/Rooms?CreatedAfter=2025-01-01'
const WITHIN_MS = 10_000
/** 5 s for a connection and 5 s for the lock of a room: src/store/engine/postgres/open-postgres.ts. */
const REFUSED_WITHIN_MS = 10_000
const SLACK_MS = 1_500
const TOO_MANY = '53300'
const WAITING = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
  and application_name = 'rollcall'`
const END_OURS = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rollcall'`

test('deliveries for rooms that another session has locked are refused in time; other rooms and reads go on', async t => {
  const { place, remove } = await newPostgres()
  t.after(remove)
  // Three of the six connections write.
  const { url } = await serveOver(t, place, { ...SETTINGS, DATABASE_CONNECTIONS: '6' })
  const rooms = Array.from({ length: 6 }, (_, index) => livekitRoom(`room-${index}`, START_MS))
  const tell = async (index: number, who: string) => {
    const room = rooms[index] ?? assert.fail()
    const beganMs = performance.now()
    const answer = await send(url, livekitLetter(room.joined(who, START_MS + 1_000)))
    return { status: answer?.status, tookMs: performance.now() - beganMs }
  }
  const tellAll = (who: string) => Promise.all(rooms.map((_, index) => tell(index, who)))
  assert.deepEqual(statusesOf(await tellAll('ann')), Array(6).fill(200))

  const other = new Client({ connectionString: place })
  await other.connect()
  await other.query(`begin; select 1 from rooms where name in ('room-0', 'room-1') for update`)
  const some = await tellAll('ben')
  assert.deepEqual(statusesOf(some), [503, 503, 200, 200, 200, 200])
  for (const { tookMs } of some.slice(2))
    assert.ok(tookMs < 2_000, `${tookMs} ms, through the free connection`)

  await other.query('select 1 from rooms for update')
  const telling = tellAll('cleo')
  await until('all connections that write to wait', WITHIN_MS, async () =>
    (await queryAt(place, WAITING)).length === 3 ? true : undefined,
  )
  const beganMs = performance.now()
  assert.equal((await ask(url, ROOMS, ACCOUNT_SID, AUTH_TOKEN)).status, 200)
  assert.ok(performance.now() - beganMs < 1_000, 'a read does not wait for writes')
  const all = await telling
  assert.deepEqual(statusesOf(all), Array(6).fill(503))
  const slowestMs = Math.max(...[...some, ...all].map(({ tookMs }) => tookMs))
  t.diagnostic(`the slowest took ${Math.round(slowestMs)} ms`)
  assert.ok(slowestMs < REFUSED_WITHIN_MS + SLACK_MS)

  await other.end()
  assert.deepEqual(statusesOf(await tellAll('dora')), Array(6).fill(200))
})

test('while other sessions have all connections, requests are refused at once; then service resumes by itself', async t => {
  const postgres = await startPostgres(['max_connections=12'])
  t.after(() => postgres.remove())
  await postgres.query('create database rollcall')
  const place = postgres.url('rollcall')
  await addFeeds(place)
  const { url, stderr } = await serveOver(t, place)
  const room = livekitRoom('room', START_MS)
  assert.equal((await send(url, livekitLetter(room.started())))?.status, 200)

  const others: Client[] = []
  const takeAll = async () => {
    for (;;) {
      const client = new Client({ connectionString: place })
      client.on('error', () => {})
      const refused = await client.connect().then(
        () => undefined,
        (error: { code?: string }) => error.code,
      )
      if (refused !== undefined) return assert.equal(refused, TOO_MANY)
      others.push(client)
    }
  }
  await takeAll()
  // Ends the connections that Rollcall still has, and takes these too.
  await until('Rollcall to have none', WITHIN_MS, async () => {
    await others[0]?.query(END_OURS)
    await takeAll()
    const left = await others[0]?.query(`select 1 from pg_stat_activity where application_name = 'rollcall'`)
    return left?.rowCount === 0 || undefined
  })
  const beganMs = performance.now()
  const answer = await send(url, livekitLetter(room.joined('ann', START_MS)))
  assert.deepEqual([answer?.status, answer?.retryAfter], [503, '1'])
  const read = await ask(url, ROOMS, ACCOUNT_SID, AUTH_TOKEN)
  assert.deepEqual([read.status, JSON.parse(read.text).code], [503, 20503])
  assert.equal((await ask(url, '/readyz', '', '')).status, 503)
  t.diagnostic(`three were refused in ${Math.round(performance.now() - beganMs)} ms`)
  assert.ok(performance.now() - beganMs < 2_000)

  await Promise.all(others.map(client => client.end()))
  await until('the delivery to be taken', WITHIN_MS, async () => {
    const again = await send(url, livekitLetter(room.joined('ann', START_MS)))
    return again?.status === 200 || undefined
  })
  assert.deepEqual(await queryAt(place, 'select count(*)::int "rooms" from rooms'), [{ rooms: 1 }])
  assert.doesNotMatch(stderr(), /"level":50/)
})

function statusesOf(answers: readonly { status: number | undefined }[]) {
  return answers.map(({ status }) => status)
}
