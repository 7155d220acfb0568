import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Connection } from '../../../src/store/engine/database.ts'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { type TestServer, testServer } from '../../support/test-server.ts'
import { answersOf } from '../numbers.ts'
import { rowsOf, servedRooms, taken } from '../served.ts'
import {
  JITSI_FEED,
  jitsiRoom,
  jitsiServer,
  type Occupant,
  occupant,
  postJitsi,
  tellJitsi,
} from './event-sync.ts'
import { roomsShown } from './shown.ts'
import { START_SEC } from './stories.ts'
import { jitsiSweeper } from './sweeper.ts'

const DAY_SEC = 24 * 3600
const room = jitsiRoom('catchup')
const breakout = jitsiRoom('catchup', 'b1')
const sec = (after: number) => START_SEC + after
const ann = (joined: number, left?: number): Occupant =>
  occupant('ann', sec(joined), left === undefined ? undefined : sec(left))

/** The statements and rows by which a request read and wrote the memory of its feed. */
interface Asked {
  reads: number
  rowsRead: number
  rowsWritten: number
}

/** A test server that counts them for each request. */
async function countingServer(t: TestContext) {
  const asked: Asked = { reads: 0, rowsRead: 0, rowsWritten: 0 }
  const counting = (connection: Connection): Connection => ({
    dialect: connection.dialect,
    async all<Row>(sql: string, params?: Parameters<Connection['all']>[1]) {
      const rows = await connection.all<Row>(sql, params)
      if (/^select .* from feed_memory /.test(sql)) {
        asked.reads++
        asked.rowsRead += rows.length
      }
      if (sql.startsWith('insert into feed_memory ')) asked.rowsWritten += (params?.length ?? 0) / 5
      return rows
    },
    run: (sql, params) => connection.run(sql, params),
  })
  const server = await testServer(t, {}, [JITSI_FEED], database => ({
    ...database,
    transact: (work, lane) => database.transact(connection => work(counting(connection)), lane),
  }))
  const askedBy = async (payload: object): Promise<Asked> => {
    Object.assign(asked, { reads: 0, rowsRead: 0, rowsWritten: 0 })
    await tellJitsi(server, payload)
    return { ...asked }
  }
  return { server, askedBy }
}

test('a join and a leave in a known room each read the memory by one statement', async t => {
  const { server, askedBy } = await countingServer(t)
  await tellJitsi(server, room.created(sec(0)), room.joined(occupant('bob', sec(1))))
  // The join writes its stay and its connection, the leave its connection. The entry of the room does not change.
  assert.deepEqual(await askedBy(room.joined(ann(5))), { reads: 1, rowsRead: 1, rowsWritten: 2 })
  assert.deepEqual(await askedBy(room.left(ann(5, 9))), { reads: 1, rowsRead: 3, rowsWritten: 1 })
})

test('a destroyed room with 400 or 800 occupants reads each entry once, by two statements', async t => {
  for (const count of [400, 800]) {
    const { server, askedBy } = await countingServer(t)
    const people = Array.from({ length: count }, (_, index) => occupant(`p${index}`, sec(5), sec(50)))
    await tellJitsi(server, room.created(sec(0)))
    await Promise.all(people.map(one => taken(postJitsi(server, room.joined(one)))))
    const { reads, rowsRead } = await askedBy(room.destroyed(sec(0), sec(60), people))
    // First the room and its occupants, then the stays of the room.
    assert.deepEqual({ reads, rowsRead }, { reads: 2, rowsRead: 1 + count + count })
    const keys = await memoryKeys(server)
    assert.deepEqual(
      ['room', 'stay', 'occupant'].map(kind => keys.filter(key => key.startsWith(`${kind}|`)).length),
      [1, 0, count],
      'no stay of a room that was destroyed is remembered',
    )
  }
})

test('rooms, stays and connections are forgotten after 7 days without a request, and their records stay', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, room.created(sec(0)), room.joined(ann(5)), breakout.joined(ann(20)))
  await tellJitsi(server, jitsiRoom('other').joined(occupant('bob', sec(8))))
  const before = await answersOf(server)
  const keys = await memoryKeys(server)
  assert.equal(keys.length, 8, 'three rooms, three stays, two connections')
  await sweepAt(server, sec(5 + 7 * DAY_SEC - 10))
  assert.deepEqual(await memoryKeys(server), keys)
  await sweepAt(server, sec(20 + 7 * DAY_SEC))
  assert.deepEqual(await memoryKeys(server), [])
  assert.deepEqual(await answersOf(server), before)
})

test('the memory of a room that is used every day stops growing after a week', async t => {
  const server = await jitsiServer(t)
  const sizes: number[] = []
  for (let day = 0; day < 25; day++) {
    const at = day * DAY_SEC
    // Every destruction is lost, so that every stay is remembered.
    const who = occupant(`p${day}`, sec(at + 5), sec(at + 50))
    server.clock.nowMs = sec(at + 60) * 1000
    await tellJitsi(server, room.created(sec(at)), room.left(who))
    await sweepAt(server, sec(at + 60))
    const { creations, sids } = await roomEntry(server)
    sizes.push(creations.length, Object.keys(sids).length, (await memoryKeys(server)).length)
  }
  assert.ok(
    sizes.every(size => size <= 1 + 2 * 8),
    sizes.join(' '),
  )
  assert.equal((await servedRooms(server)).length, 25)
})

test('the last 100 instances of a room are remembered, however often it is created', async t => {
  const server = await jitsiServer(t)
  for (let minute = 0; minute < 120; minute++) {
    const at = minute * 60 - 7200
    await tellJitsi(server, room.destroyed(sec(at), sec(at + 30), [ann(at + 1, at + 30)]))
  }
  const { creations, sids } = await roomEntry(server)
  assert.deepEqual([creations.length, Object.keys(sids).length], [100, 100])
  assert.equal((await servedRooms(server)).length, 120)
})

test('an entry that is due too early is kept and gets its own due time', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, room.created(sec(0)), room.joined(ann(5)))
  const entries = 'select memory_key, value, due_ms from feed_memory order by memory_key'
  const before = await rowsOf(server, entries)
  await server.database.transact(connection => connection.run('update feed_memory set due_ms = 0'))
  await sweepAt(server, sec(60))
  assert.deepEqual(await rowsOf(server, entries), before)
  await tellJitsi(server, room.left(ann(5, 9)))
  const stays = [['ann', 5, 9, null, '']]
  assert.deepEqual(await roomsShown(server), [{ kind: 'main', times: [0, null], inferred: '', stays }])
})

test('a weekly meeting gives the same answers whether or not the meeting before it was forgotten', async t => {
  const answers = []
  for (const isSwept of [true, false]) {
    const server = await jitsiServer(t)
    for (const week of [0, 1, 2]) {
      const at = week * 7 * DAY_SEC
      server.clock.nowMs = sec(at + 60) * 1000
      if (isSwept) await sweepAt(server, sec(at + 60))
      // The destruction is lost, and the join overtakes the creation.
      await tellJitsi(
        server,
        room.joined(ann(at + 5)),
        room.created(sec(at)),
        room.left(ann(at + 5, at + 50)),
      )
    }
    const served = await answersOf(server)
    answers.push(served)
    await rebuildAll(server.store)
    assert.deepEqual(await answersOf(server), served, 'a rebuild gives the same')
  }
  assert.deepEqual(answers[0], answers[1])
})

async function sweepAt(server: TestServer, atSec: number): Promise<void> {
  server.clock.nowMs = atSec * 1000
  await jitsiSweeper(server, new Map()).sweep()
}

async function memoryKeys(server: TestServer): Promise<string[]> {
  const rows = await rowsOf(server, 'select memory_key from feed_memory order by memory_key')
  return rows.map(row => String(row['memory_key']))
}

async function roomEntry(server: TestServer): Promise<{ creations: unknown[]; sids: object }> {
  const [row] = await rowsOf(server, "select value from feed_memory where memory_key like 'room|%'")
  return JSON.parse(String(row?.['value']))
}
