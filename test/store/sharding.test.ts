import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Feed } from '../../src/feeds/feed.ts'
import { feeds } from '../../src/feeds/index.ts'
import { livekit } from '../../src/feeds/livekit/index.ts'
import { createSweeper } from '../../src/ingest/sweep/sweeper.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import { TABLES } from '../../src/store/schema/tables.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { JITSI_FEED } from '../feeds/jitsi/event-sync.ts'
import { servedParticipants, servedRooms, tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import { readDocument, rowsUnder } from '../support/markdown.ts'
import { queueOf } from '../support/queue-of.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { newPostgres } from '../support/test-place.ts'
import { ACCOUNT, get, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { watchedConnection, watchedDatabase } from '../support/watched-database.ts'
import { MORE_FEEDS, tellAll } from './every-feed.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The methods of the store whose queries go to every shard. docs/scale.md says what each costs. */
const FAN_OUTS = rowsUnder(readDocument(join(ROOT, 'docs/scale.md')), [
  'asked of every shard',
  'when',
  'what it costs',
]).map(([name = '']) => name.replaceAll('`', ''))

const PARTS = [
  ...['accounts', 'feeds', 'deliveries', 'payloads', 'records', 'evidence', 'open', 'listed', 'uptime'],
] as const
/** Methods that make no query themselves. */
const WIRING = ['transaction.feedLog']

interface Statement {
  readonly sql: string
  readonly method: string
  readonly isIngest: boolean
}

test('each query names one shard, except those in docs/scale.md, and none of these is made to store an event', async t => {
  const { statements, methods } = await everyStatement(t)
  assert.ok(statements.length > 60, `${statements.length} statements`)
  const everywhere = new Set(statements.filter(({ sql }) => !namesItsShard(sql)).map(({ method }) => method))
  assert.deepEqual([...everywhere].sort(), [...FAN_OUTS].sort())
  const ingested = statements.filter(({ isIngest }) => isIngest)
  assert.ok(ingested.length > 25)
  for (const { sql, method } of ingested) assert.ok(namesItsShard(sql), `${method}: ${sql}`)
  assert.deepEqual(methods.uncalled, [], 'every method of the store was called')
})

test('no query joins a table on the coordinator to a sharded one', async t => {
  const { statements } = await everyStatement(t)
  for (const { sql, method } of statements) {
    const isSharded = tablesIn(sql).flatMap(name => {
      const table = TABLES[name]
      return table === undefined ? [] : [table.shardedBy !== undefined]
    })
    assert.ok(new Set(isSharded).size < 2, `${method}: ${sql}`)
  }
})

test('a list of rooms reads no more rows from a shard than the page has', async t => {
  const { statements } = await everyStatement(t)
  const lists = statements.filter(({ method }) => method === 'records.rooms')
  assert.ok(lists.length > 2)
  for (const { sql } of lists) assert.match(sql, /limit \?$/)
})

test('every unique key of a sharded table contains the column by which the table is sharded', async t => {
  const { place, remove } = await newPostgres()
  const database = openDatabase(place)
  t.after(async () => {
    await database.close()
    await remove()
  })
  const keys = await database.reader.all<{ name: string; columns: string }>(
    `select c.relname "name", string_agg(a.attname, ',' order by a.attnum) "columns"
     from pg_index i join pg_class c on c.oid = i.indrelid
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
     where i.indisunique and c.relnamespace = 'public'::regnamespace group by c.relname, i.indexrelid order by 1, 2`,
  )
  assert.deepEqual(
    [...new Set(keys.map(({ name }) => name))],
    Object.keys(TABLES).sort(),
    'each table has a key',
  )
  for (const { name, columns } of keys) {
    const column = TABLES[name]?.shardedBy
    if (column !== undefined) assert.ok(columns.split(',').includes(column), `${name} (${columns})`)
  }
  for (const [name, { key }] of Object.entries(TABLES)) {
    assert.ok(
      keys.some(one => one.name === name && one.columns.split(',').sort().join() === [...key].sort().join()),
      name,
    )
  }
})

function tablesIn(sql: string): string[] {
  return [...sql.matchAll(/\b(?:from|join|into|update)\s+(\w+)/g)].map(([, name = '']) => name)
}

/** True if a statement goes to one node: each of its tables is on the coordinator, or a value of its column is given. */
function namesItsShard(sql: string): boolean {
  const tables = tablesIn(sql)
  return tables.every(name => {
    const column = TABLES[name]?.shardedBy
    if (column === undefined) return true
    const inserted = /^insert into \w+ \(([^)]*)\)/.exec(sql)?.[1]
    if (inserted !== undefined) return inserted.includes(column)
    return (
      (sql.match(new RegExp(`\\b${column} = \\?`, 'g')) ?? []).length >=
      tables.filter(one => TABLES[one]?.shardedBy === column).length
    )
  })
}

/** All statements of the store while every feed delivers and every method is called. */
async function everyStatement(t: TestContext) {
  const now = new AsyncLocalStorage<string>()
  const statements: Statement[] = []
  let isIngest = false
  const note = (sql: string) => void statements.push({ sql, method: now.getStore() ?? '', isIngest })
  const server = await testServer(t, {}, MORE_FEEDS, database => ({
    ...watchedDatabase(database, note),
    reader: watchedConnection(database.reader, note),
  }))
  const methods = nameCalls(server.store, now)
  isIngest = true
  await tellAll(server)
  await tellRareStories(server)
  isIngest = false
  await askAll(server)
  return { statements, methods }
}

/** Many stays under one connection key, and a stay whose identity changes. */
async function tellRareStories(server: TestServer): Promise<void> {
  const lab = janus()
  for (let stay = 0; stay < 20; stay++) {
    const { comes, leaves } = lab.person('cleo', { id: 7, room: 7 })
    await tellJanus(server, ...comes(100 + stay * 10), leaves(105 + stay * 10))
  }
  const room = livekitRoom('renamed', NOW_MS - 60_000)
  await tell(server, room.joined('dan', NOW_MS - 50_000))
  await tell(server, room.joined('eve', NOW_MS - 40_000, { sid: 'PA_dan' }))
}

/** A feed that makes an event of every payload that LiveKit's feed does not understand. */
const understandingAll: Feed = {
  ...livekit,
  async reduce(payload, memory, source) {
    const reduced = await livekit.reduce(payload, memory, source)
    if (reduced.events.length > 0) return reduced
    const roomSid = source.sidOf('any')
    return { events: [{ kind: 'room.updated', key: payload.key, atMs: NOW_MS, roomSid, room: {} }] }
  },
}

/** Makes each method of the store run under its name, so that its statements can be told from others. */
function nameCalls(store: Store, now: AsyncLocalStorage<string>) {
  const uncalled = new Set<string>()
  const named = <T extends object>(part: string, object: T): T => {
    for (const [name, method] of Object.entries(object)) {
      if (typeof method !== 'function') continue
      const full = `${part}.${name}`
      if (!called.has(full)) uncalled.add(full)
      Object.assign(object, {
        [name]: (...args: unknown[]) => {
          called.add(full)
          uncalled.delete(full)
          return now.run(full, () => method.apply(object, args))
        },
      })
    }
    return object
  }
  const called = new Set<string>()
  for (const part of PARTS) named(part, store[part])
  const { transact } = store
  Object.assign(store, {
    transact: (work: (transaction: Transaction) => Promise<unknown>, lane?: string) =>
      transact(async transaction => {
        const { lockRoom, lockFeed, feedLog } = named('transaction', { ...transaction })
        return await work({
          lockRoom: async key => named('room', await lockRoom(key)),
          lockFeed: async (key, payloads) => {
            const { firstSeq, log, memory } = await lockFeed(key, payloads)
            return { firstSeq, log: named('log', log), memory: named('memory', memory) }
          },
          feedLog: key => named('log', feedLog(key)),
        })
      }, lane),
  })
  return {
    get uncalled() {
      return [...uncalled].filter(name => !WIRING.includes(name)).sort()
    },
  }
}

/** Reads, sweeps, rebuilds and changes everything. */
async function askAll(server: TestServer): Promise<void> {
  const { store, clock, heard } = server
  for (const { room_sid, room_name } of await servedRooms(server)) {
    const path = `/v1/Video/Rooms/${room_sid}`
    const { body } = await get(server, `${path}/Participants?PageSize=1`)
    if (body.meta.next_page_url)
      await get(server, new URL(body.meta.next_page_url).pathname + new URL(body.meta.next_page_url).search)
    for (const { participant_sid } of await servedParticipants(server, room_sid)) {
      await get(server, `${path}/Participants/${participant_sid}`)
      await get(server, `${path}/Participants/${participant_sid}/Events`)
    }
    await get(server, `${path}/Events?PageSize=2`)
    await get(
      server,
      `/v1/Video/Rooms?RoomName=${room_name}&RoomType=group&Codecs=VP8&CreatedBefore=2030-01-01&PageSize=1`,
    )
    await store.open.participants(ACCOUNT, room_sid)
    await store.open.room(ACCOUNT, room_sid)
  }
  await get(server, '/v1/Video/Rooms')
  await store.open.openRooms('janus', ACCOUNT)
  const configuredFeeds = MORE_FEEDS
  const sweeper = createSweeper({
    store,
    queue: queueOf(store),
    feeds,
    configuredFeeds,
    reconciliations: [],
    heard,
    clock: () => clock.nowMs,
    onFault: error => assert.fail(String(error)),
  })
  await sweeper.sweep()
  clock.nowMs += 48 * 3_600_000
  for (const feed of configuredFeeds) heard.set(feed.feedId, clock.nowMs)
  await sweeper.sweep()
  await sweeper.trim()
  await rebuildAll(store)
  await rebuildAll(store, [...feeds.filter(feed => feed !== livekit), understandingAll])
  await get(server, '/readyz', {})
  await server.app.close()
  await store.deliveries.last(10)
  await changeAll(store)
}

async function changeAll({ accounts, feeds: rows, listed, uptime }: Store): Promise<void> {
  const account = { accountSid: ACCOUNT, name: 'one', tokenHash: 'h', isDefault: 1, createdAtMs: 0 }
  await accounts.put(account)
  await accounts.putDecided(() => ({ put: account }))
  const key = {
    keySid: `SK${'0'.repeat(32)}`,
    accountSid: ACCOUNT,
    name: 'k',
    secretHash: 'h',
    createdAtMs: 0,
  }
  await accounts.putKey(key)
  await accounts.findKey(key.keySid)
  await accounts.listKeys()
  await accounts.removeKey(key.keySid)
  await accounts.list()
  const roomSid = `RM${'0'.repeat(32)}`
  await listed.noteRooms(JITSI_FEED.feedId, { atMs: 1, listed: [roomSid], missing: [] })
  const people = { atMs: 1, nativeKeys: ['PA_ann'] }
  await listed.noteAsked(JITSI_FEED.feedId, [{ roomSid, askedAtMs: 1, people }])
  assert.deepEqual(await listed.page(JITSI_FEED.feedId), [
    { roomSid, askedAtMs: 1, missingSinceMs: undefined },
  ])
  assert.deepEqual(await listed.people(JITSI_FEED.feedId, roomSid), people)
  await rows.put(JITSI_FEED)
  await rows.remove(JITSI_FEED.feedId)
  assert.deepEqual(await listed.page(JITSI_FEED.feedId), [])
  await uptime.serversSince(0)
  await uptime.noteCompared(JITSI_FEED.feedId, 1)
  await uptime.comparedAt(JITSI_FEED.feedId)
  await accounts.remove(ACCOUNT)
}
