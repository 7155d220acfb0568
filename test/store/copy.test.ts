import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pino from 'pino'
import { readConfig } from '../../src/config.ts'
import { createServer } from '../../src/http/server.ts'
import { CopyRefusedError, copyStore } from '../../src/store/copy.ts'
import type { Database, SqlValue } from '../../src/store/engine/database.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import { TABLES } from '../../src/store/schema/tables.ts'
import { createStore } from '../../src/store/store.ts'
import { uptimeStore } from '../../src/store/uptime.ts'
import { tellRooms } from '../contract/rooms-told.ts'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { JANUS_FEED, post } from '../feeds/janus/janus-server.ts'
import { LONG_AFTER_RECORDING_MS, recording } from '../feeds/janus/recording.ts'
import { JITSI_FEED, jitsiRoom, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { taken } from '../feeds/served.ts'
import { postCallback } from '../feeds/twilio/callbacks.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { temporaryFolder } from '../support/program.ts'
import { newPostgres } from '../support/test-place.ts'
import {
  ACCOUNT,
  basic,
  NOW_MS,
  OTHER_ACCOUNT,
  OTHER_LIVEKIT_KEY,
  OTHER_LIVEKIT_SECRET,
  OTHER_TOKEN,
  type TestServer,
  testServer,
} from '../support/test-server.ts'

const PUBLIC_URL = 'https://rollcall.example'
const CONFIGURED = [JANUS_FEED, JITSI_FEED]
const USERS = [basic(), basic(OTHER_ACCOUNT, OTHER_TOKEN)]

test('copies between the engines, there and back, answer every list with the same bytes; a second run writes nothing', async t => {
  const { database: source } = await filledServer(t)
  const there = await newDatabase(t, 'postgres')
  const beside = await newDatabase(t, 'postgres')
  const back = await newDatabase(t, 'sqlite')
  const rows = await rowsIn(source)
  for (const [name, { length }] of Object.entries(rows)) assert.ok(length > 0, `${name} is tested`)
  assert.ok((rows['events'] ?? []).length > 600, 'there are several pages')
  const count = Object.values(rows).flat().length
  const answers = await answersOver(source)
  for (const part of ['Participants', 'Events', 'PageToken'])
    assert.ok(answers.some(text => text.includes(part)))

  for (const [from, to] of [
    [source, there],
    [there, beside],
    [beside, back],
  ] as const) {
    const told: [number, number][] = []
    const progress = (...done: [number, number]) => void told.push(done)
    assert.deepEqual(await copyStore(from, to, { progress }), {
      ...{ rows: count, written: count, removed: 0, isWhole: true },
    })
    assert.deepEqual(told.at(-1), [count, count])
    assert.ok(told.every(([, all]) => all === count))
    assert.deepEqual(await rowsIn(to), rows)
    assert.deepEqual(await answersOver(to), answers)
    assert.deepEqual(await copied(from, to), { rows: count, written: 0, removed: 0, isWhole: true })
  }
})

test('a copy that is stopped after any page is continued by the next run, and a page is never copied in part', async t => {
  const { database: source } = await filledServer(t)
  const to = await newDatabase(t, 'postgres')
  let written = 0
  let runs = 0
  for (let isWhole = false; !isWhole; runs++) {
    const stop = new AbortController()
    // Stops after the first page with new rows. Pages that are already copied are read again.
    const progress = (done: number) => void (done > written && stop.abort())
    const result = await copyStore(source, to, { progress, stop: stop.signal })
    written += result.written
    isWhole = result.isWhole
    const counts = Object.keys(TABLES).map(name => `(select count(*) from ${name})`)
    assert.deepEqual(await to.reader.all(`select ${counts.join(' + ')} "rows"`), [{ rows: written }])
  }
  assert.ok(runs > 10, `${runs} runs`)
  assert.deepEqual(await rowsIn(to), await rowsIn(source))
  // Now a page of the source reaches further than a page of the destination.
  await write(source, `delete from participants where participant_sid > 'PA2' and participant_sid < 'PA8'`)
  await copied(source, to)
  assert.deepEqual(await rowsIn(to), await rowsIn(source))
})

test('an error of the destination names the table, and the rows that were copied before stay', async t => {
  const { database: source } = await smallServer(t)
  const to = await newDatabase(t, 'postgres')
  await write(to, `alter table participants add constraint small check (participant_sid < 'PA8')`)
  const told = await copied(source, to).catch(String)
  await write(to, 'alter table participants drop constraint small')
  assert.match(String(told), /^Error: Writing participants of the destination: .*"small"/)
  const none = { participants: [], feed_payloads: [], feed_memory: [], feeds_heard: [], listed_rooms: [] }
  assert.deepEqual(await rowsIn(to), { ...(await rowsIn(source)), ...none })
  await copied(source, to)
  assert.deepEqual(await rowsIn(to), await rowsIn(source))
})

test('a later run adds new rows, corrects rows that differ, and removes rows that the source does not have', async t => {
  const server = await smallServer(t)
  const { database: source, store } = server
  const to = await newDatabase(t, 'postgres')
  await copied(source, to)
  const app = await serverOver(source)
  await taken(deliver({ ...server, app }, livekitRoom('again', NOW_MS - 60_000).started()))
  await app.close()
  await write(source, `delete from feed_memory where memory_key = (select min(memory_key) from feed_memory)`)
  const [one, other] = (await store.feeds.list()).filter(({ kind }) => kind === 'livekit')
  assert.ok(one !== undefined && other !== undefined)
  // Two rows exchange a unique value.
  await store.feeds.put({ ...one, authKey: 'meanwhile' })
  await store.feeds.put({ ...other, authKey: one.authKey })
  await store.feeds.put({ ...one, authKey: other.authKey })
  const { rows: _, ...changes } = await copied(source, to)
  assert.deepEqual(changes, { written: 5, removed: 1, isWhole: true })
  assert.deepEqual(await rowsIn(to), await rowsIn(source))
})

for (const engine of ['sqlite', 'postgres'] as const) {
  test(`${engine}: a copy that would lose rows is refused, and changes nothing`, async t => {
    const { database: source } = await smallServer(t)
    const to = await newDatabase(t, engine)
    await assert.rejects(copied(to, source), refusal(/has no account/))
    await copied(source, to)
    await assert.rejects(copied(to, to), refusal(/is the source itself/))
    const cases: [RegExp, string, SqlValue[], string][] = [
      [
        /has account AC0, which the source does not have/,
        `insert into accounts (account_sid, name, token_hash, is_default, created_at_ms) values ('AC0', '', '', 0, 0)`,
        [],
        `delete from accounts where account_sid = 'AC0'`,
      ],
      [
        /A server has run on the destination/,
        `insert into servers (server_id, started_at_ms, until_ms) values ('own', ?, ?)`,
        [NOW_MS, NOW_MS],
        `delete from servers where server_id = 'own'`,
      ],
      [
        /has rows of events that the source does not have/,
        `insert into events (account_sid, room_sid, feed_id, feed_kind, event_key, at_ms, received_at_ms, duplicates,
           body, native) values ('${ACCOUNT}', 'RMx', 'FDx', '', 'own', 0, 0, 0, '', '')`,
        [],
        `delete from events where event_key = 'own'`,
      ],
    ]
    for (const [sentence, change, params, undo] of cases) {
      await write(to, change, params)
      const before = await rowsIn(to)
      await assert.rejects(copied(source, to), refusal(sentence))
      assert.deepEqual(await rowsIn(to), before)
      await write(to, undo)
    }
    // Like a row of an earlier copy that the source has deleted since: it keeps a week of them.
    await uptimeStore(to).beat({ serverId: 'old', fromMs: 1, untilMs: 1, heard: new Map() }, 0)
    assert.equal((await copied(source, to)).removed, 1)
    await write(source, 'delete from servers')
    await assert.rejects(copied(source, to), refusal(/A server has run on the destination/))
  })
}

test('if a server starts on the destination during a copy, the copy ends without writing more', async t => {
  const { database: source } = await smallServer(t)
  const to = await newDatabase(t, 'sqlite')
  let begun: Promise<void> | undefined
  const progress = () => {
    const beat = { serverId: 'own', fromMs: NOW_MS, untilMs: Number.MAX_SAFE_INTEGER, heard: new Map() }
    begun ??= uptimeStore(to).beat(beat, 0)
  }
  await assert.rejects(copyStore(source, to, { progress }), refusal(/A server has run on the destination/))
  await begun
  const { accounts = [], api_keys = [] } = await rowsIn(to)
  assert.deepEqual([accounts.length, api_keys.length], [2, 0])
})

/** A server whose database has a row in every table. */
async function smallServer(t: TestContext): Promise<TestServer> {
  return await closed(await tellSome(await testServer(t, {}, CONFIGURED)))
}

/** A server with rooms of every kind of feed, and several pages of rows. */
async function filledServer(t: TestContext): Promise<TestServer> {
  const server = await tellSome(await testServer(t, {}, CONFIGURED))
  const callback = { AccountSid: ACCOUNT, StatusCallbackEvent: 'participant-connected' }
  const person = { ParticipantSid: `PA${'7b'.repeat(16)}`, ParticipantIdentity: 'zoë 😀' }
  const Timestamp = new Date(NOW_MS - 9000).toISOString()
  await taken(postCallback(server, { ...callback, ...person, RoomSid: `RM${'7a'.repeat(16)}`, Timestamp }))
  // More than a page of events, with keys whose order differs between UTF-16 and UTF-8.
  const time = new Date(NOW_MS - 30_000).toISOString()
  const joins = Array.from({ length: 600 }, (_, index) => {
    const participant = { key: `p${index}`, identity: `person ${index % 50}` }
    const id = `${index % 2 === 0 ? '😀' : '～'}${index}`
    return cloudEvent(id, 'participant.joined', time, { room: { key: 'r', name: 'crowd' }, participant })
  })
  await taken(postCloudEvents(server, joins))
  server.clock.nowMs = LONG_AFTER_RECORDING_MS
  await taken(post(server, `[${recording.join(',')}]`))
  return await closed(server)
}

async function tellSome(server: TestServer): Promise<TestServer> {
  const { store, heard } = server
  await tellRooms(server)
  const foreign = livekitRoom('foreign', NOW_MS - 60_000)
  await taken(deliver(server, foreign.started(), OTHER_LIVEKIT_KEY, OTHER_LIVEKIT_SECRET))
  await tellJitsi(server, jitsiRoom('weekly').created(NOW_MS / 1000 - 60))
  const key = { keySid: `SK${'c3'.repeat(16)}`, accountSid: ACCOUNT, name: 'key', secretHash: 'hash' }
  await store.accounts.putKey({ ...key, createdAtMs: NOW_MS })
  const listed = { atMs: NOW_MS, listed: [`RM${'5e'.repeat(16)}`], missing: [] }
  await store.listed.noteRooms(JITSI_FEED.feedId, listed)
  await store.uptime.beat({ serverId: 'one', fromMs: NOW_MS - 1, untilMs: NOW_MS, heard }, 0)
  return server
}

/** Closes the server, which writes its log of deliveries, so that the rows do not change. The database stays open. */
async function closed(server: TestServer): Promise<TestServer> {
  await server.app.close()
  server.clock.nowMs = NOW_MS
  return server
}

async function newDatabase(t: TestContext, engine: 'sqlite' | 'postgres'): Promise<Database> {
  const { place, remove } =
    engine === 'postgres'
      ? await newPostgres()
      : { place: join(await temporaryFolder(t), 'copy.db'), remove: async () => {} }
  const database = openDatabase(place)
  t.after(async () => {
    await database.close()
    await remove()
  })
  await createStore(database)
  return database
}

async function copied(from: Database, to: Database) {
  return await copyStore(from, to, { progress: () => {} })
}

async function write(database: Database, sql: string, params: SqlValue[] = []): Promise<void> {
  await database.transact(connection => connection.run(sql, params))
}

async function rowsIn({ reader }: Database): Promise<Record<string, unknown[]>> {
  const entries = Object.entries(TABLES).map(async ([name, { key }]) => {
    const rows = await reader.all<object>(`select * from ${name} order by ${key.join(', ')}`)
    return [name, rows.map(row => ({ ...row }))] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

async function serverOver(database: Database) {
  const config = readConfig({ publicUrl: PUBLIC_URL, rateLimitPerMin: '0' }, {})
  const store = await createStore(database)
  const wired = { config, store, configuredFeeds: CONFIGURED, heard: new Map() }
  return await createServer({ ...wired, clock: () => NOW_MS, log: pino({ level: 'silent' }) })
}

/** All pages of all lists that a server over the database answers to both accounts. */
async function answersOver(database: Database): Promise<string[]> {
  const app = await serverOver(database)
  const answers: string[] = []
  for (const headers of USERS) {
    const waiting = ['/v1/Video/Rooms?CreatedAfter=2000-01-01&PageSize=3']
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const { statusCode, body } = await app.inject({ url: path, headers })
      assert.equal(statusCode, 200, path)
      answers.push(`${path} ${body}`)
      const { meta, rooms = [] } = JSON.parse(body)
      if (meta.next_page_url !== null) waiting.push(meta.next_page_url.slice(PUBLIC_URL.length))
      for (const { room_sid } of rooms) {
        const room = `/v1/Video/Rooms/${room_sid}`
        waiting.push(`${room}/Participants?PageSize=100`, `${room}/Events?PageSize=100`)
      }
    }
  }
  await app.close()
  return answers
}

function refusal(sentence: RegExp) {
  return (error: unknown) => error instanceof CopyRefusedError && sentence.test(error.message)
}
