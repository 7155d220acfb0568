import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goOnWriting, stopWriting } from '../../support/outage.ts'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { until } from '../../support/until.ts'
import { answersOf } from '../numbers.ts'
import { rowsOf, servedParticipants } from '../served.ts'
import { type JanusEvent, janus, START_MS } from './janus-events.ts'
import { type JanusTestServer, janusServer, post, tell } from './janus-server.ts'
import { LONG_AFTER_RECORDING_MS, recording } from './recording.ts'
import { roomsByStart } from './told.ts'
import { deliveredBy } from './web-socket.ts'

const MEMORY = 'select memory_key "key", value, due_ms "dueMs" from feed_memory order by memory_key'
const TABLES = ['events', 'feed_memory', 'feed_payloads', 'participants', 'rooms']

/** Where the media of one participant stopped, and a room is empty. Every `at` is in seconds after START_MS. */
async function tellOfSilence(server: JanusTestServer): Promise<void> {
  const lab = janus()
  const [ann, ben, cleo] = [lab.person('ann'), lab.person('ben', { room: 5001 }), lab.person('cleo')]
  server.clock.nowMs = START_MS
  await server.sweepAt(START_MS)
  await tell(server, ann.comes(1), ann.stats(3), lab.created(4, 5001), ben.comes(5), ben.stats(6))
  await pass(server, 10, 400, [])
  await tell(server, ben.stats(401), cleo.comes(402), cleo.goes(500))
  await pass(server, 510, 600, [ben.stats(510), ben.stats(550), ben.stats(600)])
}

/** Lets time pass in which the feed is heard, with these events where their time has come. */
async function pass(
  server: JanusTestServer,
  fromSec: number,
  toSec: number,
  events: readonly JanusEvent[],
): Promise<void> {
  const lab = janus()
  for (let sec = fromSec; sec <= toSec; sec += 10) {
    server.clock.nowMs = START_MS + sec * 1000
    const came = events.filter(({ timestamp }) => timestamp === (START_MS + sec * 1000) * 1000)
    await tell(server, ...came, lab.event(sec, 4, { event: { schema: 'alive', data: {} } }))
    await server.sweepAt(server.clock.nowMs)
  }
}

test('a rebuild reduces the log to the same answers and the same memory', async t => {
  const stories: Record<string, (server: JanusTestServer) => Promise<void>> = {
    'the recording': async server => void (await post(server, `[${recording.join(',')}]`)),
    'half of the recording': async server =>
      void (await post(server, `[${recording.slice(0, 200).join(',')}]`)),
    'silence and emptiness': tellOfSilence,
  }
  for (const [name, told] of Object.entries(stories)) {
    const server = await janusServer(t, LONG_AFTER_RECORDING_MS)
    await told(server)
    await server.sweepAt(server.clock.nowMs)
    const answers = await answersOf(server)
    const remembered = await rememberedBy(server)
    assert.ok(answers.length > 5 && remembered.length > 1, name)
    await rebuildAll(server.store)
    assert.deepEqual(await answersOf(server), answers, name)
    assert.deepEqual(await rememberedBy(server), remembered, name)
  }
})

test('a rebuild knows to 30 s when a Janus that sent only statistics was last heard before a crash', async t => {
  const server = await janusServer(t, START_MS)
  const lab = janus()
  const ann = lab.person('ann')
  await tell(server, ann.comes(1))
  for (let sec = 10; sec <= 3_000; sec += 10) {
    await tell(server, ann.stats(sec))
    await server.sweepAt(START_MS + sec * 1000)
  }
  await tell(server, lab.started(3_300))
  const leaveOf = async () => {
    const [room] = await roomsByStart(server)
    const [one] = await servedParticipants(server, room?.room_sid ?? '')
    return Date.parse(one?.leave_time ?? '') / 1000 - START_MS / 1000
  }
  assert.equal(await leaveOf(), 3_000)
  await rebuildAll(server.store)
  const leaveSec = await leaveOf()
  assert.ok(leaveSec > 2_950 && leaveSec <= 3_000, `${leaveSec}`)
})

test('payloads, events and memory are written in one commit: a refused delivery leaves nothing', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben', { room: 5001 })]
  await tell(server, ann.comes(1))
  const before = await everything(server)
  await stopWriting(server)
  const large = lab.event(9, 4, { event: { padding: 'x'.repeat(200_000) } })
  const group = [lab.created(2, 5001), ben.comes(3), ann.goes(8)].flat()
  // The connection is cut, so that there is no answer to wait for.
  void post(server, JSON.stringify([...group, large])).catch(() => {})
  await until('it to be refused', 5_000, () => deliveredBy(server).at(-1) === 'unavailable' || undefined)
  assert.deepEqual(await everything(server), before)

  await goOnWriting(server)
  await tell(server, group)
  const after = await everything(server)
  for (const table of TABLES) assert.notDeepEqual(after[table], before[table], table)
})

test('once everybody left and the rooms were empty for a while, nothing is remembered but the Janus itself', async t => {
  const server = await janusServer(t)
  const lab = janus()
  await tell(server, lab.started(0))
  for (let round = 0; round < 20; round++) {
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
      // A session that ends before its transport does.
      [eve.leaves(at + 14), eve.detaches(at + 15), eve.endsSession(at + 16), eve.disconnects(at + 17)],
      // A session over HTTP, whose transport has no end.
      lab.event(at + 22, 1, { ...session, event: { name: 'created', transport: byHttp } }),
      lab.event(at + 23, 2, { ...session, handle_id: 1, event: { name: 'attached' } }),
      [lab.created(at + 24, 7000 + round), lab.destroyed(at + 25, 7000 + round)],
      lab.event(at + 26, 2, { ...session, handle_id: 1, event: { name: 'detached' } }),
      round % 3 === 0 ? lab.event(at + 27, 1, { ...session, event: { name: 'timeout' } }) : [],
      // A session whose creation was lost.
      [lab.event(at + 28, 2, { ...unheard, event: { name: 'attached' } })],
      [lab.event(at + 29, 2, { ...unheard, event: { name: 'detached' } })],
    )
    await server.sweepAt(START_MS + (round + 1) * 3_600_000)
    const keys = (await rowsOf(server, MEMORY)).map(({ key }) => key)
    assert.deepEqual(keys, ['emitter|janus-1|', 'room|janus-1|1234'])
  }
  await server.sweepAt(START_MS + 21 * 3_600_000)
  const keys = (await rowsOf(server, MEMORY)).map(({ key }) => key)
  assert.deepEqual(keys, ['emitter|janus-1|'])
})

/** What is remembered and can be made from the log again, which statistics are not in. */
async function rememberedBy(server: JanusTestServer): Promise<unknown[]> {
  const rows = (await rowsOf(server, MEMORY)).filter(({ key }) => !String(key).startsWith('media|'))
  return rows.map(({ key, value, dueMs }) => {
    const { lastMs: _, loggedMs: __, ...rest } = JSON.parse(String(value))
    return String(key).startsWith('emitter|') ? [key] : [key, rest, dueMs]
  })
}

async function everything(server: JanusTestServer) {
  const entries = TABLES.map(async table => [table, await rowsOf(server, `select * from ${table}`)] as const)
  return Object.fromEntries(await Promise.all(entries))
}
