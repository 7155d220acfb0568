import assert from 'node:assert/strict'
import { test } from 'node:test'
import { janus as feed } from '../../../src/feeds/janus/index.ts'
import { momentOf } from '../../../src/feeds/json.ts'
import type { Memory } from '../../../src/feeds/memory.ts'
import { goOnWriting, stopWriting } from '../../support/outage.ts'
import { until } from '../../support/until.ts'
import { rowsOf, servedRooms } from '../served.ts'
import { janus, START_MS } from './janus-events.ts'
import { JANUS_FEED, type JanusTestServer, janusServer, post, tell } from './janus-server.ts'
import { AFTER_RECORDING_MS, recording } from './recording.ts'
import { deliveredBy } from './web-socket.ts'

const MEMORY = 'select memory_key "key", value from feed_memory order by memory_key'
const TABLES = ['events', 'feed_memory', 'feed_payloads', 'participants', 'rooms']
const isStatistics = (line: string) => /"type":\s?32,"subtype":\s?3\b/.test(line)

test('the log of the feed, told again to an empty memory, gives the same memory and the same SIDs', async t => {
  // Statistics are not in the log: of people who are there they are only remembered.
  const untilSomebodyIsThere = recording.slice(0, 200).filter(line => !isStatistics(line))
  for (const told of [recording, untilSomebodyIsThere]) {
    const server = await janusServer(t, AFTER_RECORDING_MS)
    assert.equal((await post(server, `[${told.join(',')}]`)).statusCode, 200)
    const kept = await rowsOf(server, 'select payload_key, native from feed_payloads order by seq')
    const { memory, entries } = memoryOfTest()
    const sids = new Set<string>()
    for (const { payload_key, native } of kept) {
      const payloadKey = String(payload_key)
      if (payloadKey.startsWith('claim|')) continue
      const value = JSON.parse(String(native))
      const payload = { payloadKey, value, native: undefined, atMs: momentOf(value.timestamp) ?? 0 }
      const linked = await feed.link?.(payload, memory, JANUS_FEED)
      for (const { roomSid } of linked?.claims ?? []) sids.add(roomSid)
      for (const event of linked?.events ?? []) assert.ok(sids.has(event.roomSid))
    }
    const remembered = (await rowsOf(server, MEMORY)).map(({ key, value }) => [
      key,
      JSON.parse(String(value)),
    ])
    assert.ok(remembered.length > 1)
    assert.deepEqual(entries(), remembered)
    assert.deepEqual([...sids].sort(), (await servedRooms(server)).map(room => room.room_sid).sort())
    const claimed = kept.map(({ payload_key }) => /^claim\|(.*)/.exec(String(payload_key))?.[1] ?? [])
    assert.deepEqual(claimed.flat().sort(), [...sids].sort(), 'each claim is in the log')
  }
})

test('memory, log and events are of one commit: what cannot be stored leaves nothing of any', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben', { room: 5001 })]
  await tell(server, ann.comes(1))
  const before = await everything(server)
  await stopWriting(server)
  const large = lab.event(9, 4, { event: { padding: 'x'.repeat(200_000) } })
  const group = [lab.created(2, 5001), ben.comes(3), ann.goes(8)].flat()
  // A connection that is cut has no answer that could be waited for.
  void post(server, JSON.stringify([...group, large])).catch(() => {})
  await until('it to be refused', 5_000, () => deliveredBy(server).at(-1) === 'unavailable' || undefined)
  assert.deepEqual(await everything(server), before)

  await goOnWriting(server)
  await tell(server, group)
  const after = await everything(server)
  for (const table of TABLES) assert.notDeepEqual(after[table], before[table], table)
})

test('after everybody left the memory is as small as before, however many came', async t => {
  const server = await janusServer(t)
  const lab = janus()
  await tell(server, lab.started(0))
  for (let round = 0; round < 50; round++) {
    const at = round * 40
    const [ann, ben, cleo, dan, eve] = ['ann', 'ben', 'cleo', 'dan', 'eve'].map(name => lab.person(name))
    assert.ok(ann && ben && cleo && dan && eve)
    const byHttp = { transport: 'janus.transport.http', id: `80${round}` }
    const session = { session_id: 90_000 + round }
    const unheard = { session_id: 95_000 + round, handle_id: 96_000 + round }
    await tell(
      server,
      ...[ann, ben, cleo, dan, eve].map((one, index) => one.comes(at + index)),
      ...[ann.goes(at + 10), ben.closesTab(at + 11), cleo.isGivenUp(at + 12), cleo.disconnects(at + 20)],
      [lab.kicked(at + 13, dan.id), dan.disconnects(at + 21), dan.detaches(at + 21)],
      // The session ends before its transport, and the other way round; one without handles; one over HTTP.
      [eve.leaves(at + 14), eve.detaches(at + 15), eve.endsSession(at + 16), eve.disconnects(at + 17)],
      lab.event(at + 22, 1, { ...session, event: { name: 'created', transport: byHttp } }),
      lab.event(at + 23, 2, { ...session, handle_id: 1, event: { name: 'attached' } }),
      [lab.created(at + 24, 7000 + round), lab.destroyed(at + 25, 7000 + round)],
      lab.event(at + 26, 2, { ...session, handle_id: 1, event: { name: 'detached' } }),
      round % 3 === 0 ? lab.event(at + 27, 1, { ...session, event: { name: 'timeout' } }) : [],
      // Of one session only this was heard.
      [lab.event(at + 28, 2, { ...unheard, event: { name: 'attached' } })],
      [lab.event(at + 29, 2, { ...unheard, event: { name: 'detached' } })],
    )
    await server.sweepAt(START_MS + 3_600_000)
    const keys = (await rowsOf(server, MEMORY)).map(({ key }) => key)
    assert.deepEqual(keys, ['emitter|janus-1|', 'room|janus-1|1234'])
  }
})

async function everything(server: JanusTestServer) {
  const entries = TABLES.map(async table => [table, await rowsOf(server, `select * from ${table}`)] as const)
  return Object.fromEntries(await Promise.all(entries))
}

function memoryOfTest() {
  const map = new Map<string, string>()
  const entries = () =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, JSON.parse(value)] as const)
  const within = (from: string, to: string) =>
    entries()
      .filter(([key]) => from <= key && key < to)
      .map(([key, value]) => ({ key, value }))
  const memory: Memory = {
    get: async key => JSON.parse(map.get(key) ?? 'null') ?? undefined,
    set: async (key, value) => void map.set(key, JSON.stringify(value)),
    delete: async key => void map.delete(key),
    list: async (from, to) => within(from, to),
    last: async (from, to) => within(from, to).at(-1),
  }
  return { memory, entries: () => entries().map(([key, value]) => [key, value]) }
}
