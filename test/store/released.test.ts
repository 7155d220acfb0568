import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pino from 'pino'
import { readConfig } from '../../src/config.ts'
import { feeds } from '../../src/feeds/index.ts'
import { createServer } from '../../src/http/server.ts'
import { createSweeper } from '../../src/ingest/sweep/sweeper.ts'
import type { Database } from '../../src/store/engine/database.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import { pendingMigrations } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { jitsiRoom, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { type ServedRoom, servedParticipants, servedRooms } from '../feeds/served.ts'
import { queueOf } from '../support/queue-of.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { newEmptyPlace } from '../support/test-place.ts'
import { basic, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { MORE_FEEDS } from './every-feed.ts'

const FOLDER = join(import.meta.dirname, 'released')
const versions = readdirSync(FOLDER).flatMap(name => /^schema-(\d+)\.sql$/.exec(name)?.[1] ?? [])

test('there is a filled database of every earlier schema', () => {
  assert.deepEqual(
    versions.map(Number).sort((a, b) => a - b),
    migrations.slice(1).map((_, index) => index + 1),
  )
})

for (const version of versions) {
  test(`a filled database of schema ${version} is migrated, and nothing in it is lost`, async t => {
    const database = await newDatabase(t)
    await fill(database, version)
    const before = await logIn(database)
    const store = await createStore(database)
    assert.deepEqual(await logIn(database), before)

    const answers: Record<string, unknown> = JSON.parse(contentOf(`schema-${version}.answers.json`))
    assert.ok(Object.keys(answers).length > 4)
    for (const [path, answer] of Object.entries(answers)) {
      assert.deepEqual(
        await ask(t, store, path),
        answer,
        `the answer is the same after the migration: ${path}`,
      )
    }

    const columns = await openStaysIn(store)
    await rebuildAll(store)
    // Programs before schema 3 computed records by other rules.
    // Payloads of schema 4 and later are reduced again, and a decoder may state more facts than it did then.
    const shown = (answer: unknown) => (Number(version) < 4 ? answer : withoutFacts(answer))
    for (const [path, answer] of Object.entries(Number(version) < 3 ? {} : answers)) {
      const rebuilt = await ask(t, store, path)
      assert.deepEqual(shown(rebuilt), shown(withNewFields(answer)), `a rebuild changes nothing: ${path}`)
    }
    assert.deepEqual(
      columns,
      await openStaysIn(store),
      'the migration fills the columns of the sweep as a rebuild does',
    )
    assert.ok(
      columns.length > 4 && columns.some(({ isOpen }) => isOpen) && columns.some(({ isOpen }) => !isOpen),
    )
  })
}

test('meetings that run while schema 3 is migrated go on in the same rooms', async t => {
  const { place, remove } = await newEmptyPlace()
  const database = openDatabase(place)
  await fill(database, '3')
  await database.close()
  const server = await testServer(t, { database: place }, MORE_FEEDS)
  t.after(remove)
  const before = await servedRooms(server)
  await sweeperOver(server).sweep()
  const sec = NOW_MS / 1000 - 500
  await tellJitsi(server, jitsiRoom('still').destroyed(sec, sec + 400))
  const lab = janus()
  lab.person('ann')
  await tellJanus(server, lab.person('ben').closesTab(120))
  const after = await servedRooms(server)
  assert.deepEqual(
    after.map(room => room.room_sid),
    before.map(room => room.room_sid),
  )
  const still = await servedParticipants(server, sidOf(before, 'still'))
  assert.deepEqual(
    still.map(one => [one.participant_identity, one.leave_time, one.end_reason]),
    ['eve', 'fay'].map(name => [name, '2026-03-01T11:58:20Z', 'room_ended']),
  )
  const [ben] = (await servedParticipants(server, sidOf(before, '1234'))).filter(
    one => one.participant_identity === 'ben',
  )
  assert.deepEqual([ben?.leave_time, ben?.end_reason], ['2026-03-01T11:02:00Z', 'connection_lost'])
})

/** An answer without the facts of events; records are whole. */
function withoutFacts(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (name, value) => (name === 'facts' ? undefined : value))
}

function sidOf(rooms: readonly ServedRoom[], name: string): string {
  return rooms.find(room => room.room_name === name)?.room_sid ?? assert.fail(`there is no room ${name}`)
}

function sweeperOver({ store, heard, clock }: TestServer) {
  return createSweeper({
    ...{ store, queue: queueOf(store), feeds, configuredFeeds: MORE_FEEDS, reconciliations: [], heard },
    clock: () => clock.nowMs,
    onFault: assert.ifError,
  })
}

/** The answer with the fields that records have since, which a rebuild adds. */
function withNewFields(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (name, value) =>
    name === 'properties' ? { metadata: null, ...value } : value,
  )
}

/** Makes the database that a program with that schema left. */
async function fill(database: Database, version: string): Promise<void> {
  const statements = (await pendingMigrations(database))
    .filter(migration => migration.version <= Number(version))
    .flatMap(migration => migration.statements)
  await database.transactAlone(async connection => {
    for (const statement of statements) await connection.run(statement)
    await connection.run('create table schema_version (version integer not null)')
    await connection.run('insert into schema_version (version) values (?)', [Number(version)])
  })
  const rows = contentOf(`schema-${version}.sql`).split(/;\n(?=insert |$)/)
  await database.transact(async connection => {
    // Texts are passed as parameters, because a question mark in a text would count as one.
    for (const row of rows.filter(text => text !== '')) {
      const texts: string[] = []
      const sql = row.replace(/'(?:[^']|'')*'/g, quoted => {
        texts.push(quoted.slice(1, -1).replaceAll("''", "'"))
        return '?'
      })
      await connection.run(sql, texts)
    }
  })
}

async function logIn({ reader }: Database): Promise<unknown[]> {
  return [
    ...(await reader.all(
      'select room_sid, event_key, body, native, duplicates from events order by room_sid, event_key',
    )),
    ...(await reader.all(
      'select feed_id, payload_key, native, reason from feed_payloads order by feed_id, payload_key',
    )),
    ...(await reader.all('select feed_id, kind, auth_key, secret from feeds order by feed_id')),
    ...(await reader.all('select account_sid, token_hash, is_default from accounts order by account_sid')),
    ...(await reader.all('select key_sid, secret_hash from api_keys order by key_sid')),
  ]
}

async function openStaysIn({ records, open }: Store) {
  const rooms = (await records.roomKeys()).map(async ({ accountSid, roomSid }) => {
    const room = await open.room(accountSid, roomSid)
    const stays = await open.participants(accountSid, roomSid)
    return [
      { roomSid, isOpen: room?.isOpen, seenMs: room?.seenMs, feedId: room?.feedId },
      ...stays.map(({ participantSid, isOpen, leaveStated, seenMs }) => {
        return { participantSid, isOpen, leaveStated, seenMs }
      }),
    ]
  })
  return (await Promise.all(rooms)).flat()
}

async function ask(t: TestContext, store: Store, url: string): Promise<unknown> {
  const config = readConfig({ rateLimitPerMin: '0' }, {})
  const log = pino({ level: 'silent' })
  const app = await createServer({ config, store, log, clock: () => NOW_MS, configuredFeeds: [] })
  t.after(() => app.close())
  return (await app.inject({ url, headers: basic() })).json()
}

async function newDatabase(t: TestContext): Promise<Database> {
  const { place, remove } = await newEmptyPlace()
  const database = openDatabase(place)
  t.after(async () => {
    await database.close()
    await remove()
  })
  return database
}

function contentOf(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}
