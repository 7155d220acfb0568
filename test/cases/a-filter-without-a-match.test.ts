/**
 * A list of rooms was filtered by a type or codec that no room had. The query compared every room of the account, and
 * meanwhile the server answered nobody.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CODECS, type Event, ROOM_TYPES } from '../../src/event.ts'
import { roomSid } from '../../src/sid.ts'
import { applyEvents } from '../support/queue-of.ts'
import { ENGINE } from '../support/test-place.ts'
import { ACCOUNT, get, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { watchedConnection } from '../support/watched-database.ts'

const DAY_MS = 24 * 3_600_000
const NAMES = ['lesson', 'standup', 'lobby']

test('each filter of rooms is read along an index of its own', { skip: ENGINE !== 'sqlite' }, async t => {
  const asked: string[] = []
  const server = await testServer(t, {}, [], database => ({
    ...database,
    reader: watchedConnection(database.reader, sql => void (sql.includes('from rooms') && asked.push(sql))),
  }))
  for (const [query, index] of [
    ['', 'rooms_by_creation'],
    ['&RoomName=lesson', 'rooms_by_name'],
    ...ROOM_TYPES.map(type => [`&RoomType=${type}`, `rooms_of_type_${type}`] as const),
    ...CODECS.map(codec => [`&Codec=${codec}`, `rooms_with_${codec.toLowerCase()}`] as const),
  ] as const) {
    asked.length = 0
    const url = `/v1/Video/Rooms?CreatedAfter=2026-01-01&CreatedBefore=2026-02-01${query}`
    assert.equal((await get(server, url)).status, 200)
    assert.equal(asked.length, 1)
    const plan = await server.database.reader.all<{ detail: string }>(
      `explain query plan ${asked[0]}`,
      Array(asked[0]?.match(/\?/g)?.length).fill(1),
    )
    assert.equal(plan.length, 1, query)
    assert.match(
      plan[0]?.detail ?? '',
      new RegExp(`^SEARCH rooms USING INDEX ${index} \\(.*created_ms`),
      query,
    )
  }
})

test('filters together give the rooms that meet all of them, page by page, in both directions', async t => {
  const server = await testServer(t)
  const rooms = await tellRooms(server, 60)
  const query = fc.record({
    types: fc.subarray([...ROOM_TYPES]),
    codecs: fc.subarray([...CODECS]),
    name: fc.option(fc.constantFrom(...NAMES, 'none'), { nil: undefined }),
    fromDay: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
    pageSize: fc.integer({ min: 1, max: 20 }),
  })
  await fc.assert(
    fc.asyncProperty(query, async ({ types, codecs, name, fromDay, pageSize }) => {
      const fromMs = fromDay === undefined ? undefined : NOW_MS - fromDay * DAY_MS
      const expected = rooms.filter(
        room =>
          (types.length === 0 || types.some(type => type === room.type)) &&
          (codecs.length === 0 || codecs.some(codec => room.codecs.includes(codec))) &&
          (name === undefined || room.name === name) &&
          (fromMs === undefined ? room.endMs >= NOW_MS - DAY_MS : room.startMs >= fromMs),
      )
      const pairs: [string, string][] = [
        ...types.map((type): [string, string] => ['RoomType', type]),
        ...codecs.map((codec): [string, string] => ['Codec', codec]),
        ...(name === undefined ? [] : [['RoomName', name] satisfies [string, string]]),
        ...(fromMs === undefined
          ? []
          : [['CreatedAfter', new Date(fromMs).toISOString()] satisfies [string, string]]),
        ['PageSize', String(pageSize)],
      ]
      const { forwards, backwards } = await walk(server, `/v1/Video/Rooms?${new URLSearchParams(pairs)}`)
      assert.deepEqual(
        forwards,
        expected.map(room => room.sid),
      )
      assert.deepEqual(backwards, forwards)
    }),
    { numRuns: 60 },
  )
})

test('rooms that one filter finds are compared with another in parts, and none is left out', async t => {
  const server = await testServer(t)
  const [first] = await tellRooms(server, 1)
  const sidOf = (index: number) => `RM${String(index).padStart(32, '0')}`
  // Copies of one room, because telling of so many takes long: every 4,000th is of another type.
  const zeros = "substr('RM00000000000000000000000000000000', 1, 34 - length(cast(i as text)))"
  const sql = `insert into rooms (account_sid, room_sid, feed_id, feed_kind, name, type, codecs, created_ms, last_ms,
      seen_ms, state, numbers, record)
    with recursive numbered (i) as (select 1 union all select i + 1 from numbered where i < 12000)
    select account_sid, ${zeros} || i, feed_id, feed_kind, 'same', case when i % 4000 = 0 then 'go' else 'group' end,
      codecs, i, last_ms, seen_ms, state, numbers, replace(record, room_sid, ${zeros} || i)
    from rooms cross join numbered where room_sid = ?`
  await server.database.transact(connection => connection.run(sql, [first?.sid ?? '']))
  const url = '/v1/Video/Rooms?CreatedAfter=1970-01-01&RoomName=same&RoomType=go&PageSize=1'
  const { forwards, backwards } = await walk(server, url)
  assert.deepEqual(forwards, [12_000, 8_000, 4_000].map(sidOf))
  assert.deepEqual(backwards, forwards)
})

interface Told {
  readonly sid: string
  readonly type: (typeof ROOM_TYPES)[number]
  readonly codecs: readonly (typeof CODECS)[number][]
  readonly name: string
  readonly startMs: number
  readonly endMs: number
}

/** Rooms of every type, with every set of codecs, over the last days; the newest first. */
async function tellRooms(server: TestServer, count: number): Promise<Told[]> {
  const rooms = Array.from({ length: count }, (_, index): Told => {
    const startMs = NOW_MS - 3_600_000 - index * 2 * 3_600_000
    return {
      sid: roomSid(ACCOUNT, 'events', `r${index}`),
      type: ROOM_TYPES[(index * 7) % ROOM_TYPES.length] ?? 'group',
      codecs: CODECS.filter((_codec, bit) => ((index * 5) >> bit) & 1),
      name: NAMES[index % NAMES.length] ?? '',
      startMs,
      // Some old rooms ended late, so that the list without dates has them.
      endMs: index % 4 === 0 ? NOW_MS - 60_000 : startMs + 1_800_000,
    }
  })
  const events = rooms.flatMap(({ sid, type, codecs, name, startMs, endMs }, index): Event[] => [
    {
      kind: 'room.started',
      key: `s${index}`,
      atMs: startMs,
      roomSid: sid,
      room: { name, type, codecs: [...codecs] },
    },
    { kind: 'room.ended', key: `e${index}`, atMs: endMs, roomSid: sid, room: {} },
  ])
  await apply(server, events)
  return rooms
}

async function apply(server: TestServer, events: readonly Event[]): Promise<void> {
  const from = { accountSid: ACCOUNT, feedId: 'FD', feedKind: 'events', receivedAtMs: NOW_MS }
  await applyEvents(server.store, from, events)
}

/** The SIDs of all pages of a list, read from the first page to the last and back again. */
async function walk(server: TestServer, first: string) {
  const pages: string[][] = []
  const back: string[][] = []
  let previous: string | null = null
  for (let url: string | null = first; url !== null; ) {
    const { body } = await get(server, url)
    pages.push(sidsOf(body))
    previous = body.meta.previous_page_url
    url = pathOf(body.meta.next_page_url)
  }
  back.push(...pages.slice(-1))
  for (let url = pathOf(previous); url !== null; ) {
    const { body } = await get(server, url)
    back.unshift(sidsOf(body))
    url = pathOf(body.meta.previous_page_url)
  }
  return { forwards: pages.flat(), backwards: back.flat() }
}

function sidsOf({ rooms }: { rooms: readonly { room_sid: string }[] }): string[] {
  return rooms.map(room => room.room_sid)
}

function pathOf(url: string | null): string | null {
  return url === null ? null : url.slice(url.indexOf('/v1'))
}
