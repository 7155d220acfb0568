import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jitsi } from '../../src/feeds/jitsi/index.ts'
import { feedId } from '../../src/sid.ts'
import { StoreUnavailableError } from '../../src/store/engine/database.ts'
import { jitsiRoom, occupant, postJitsi, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { START_SEC } from '../feeds/jitsi/stories.ts'
import { answersOf, assertNumbersAgree } from '../feeds/numbers.ts'
import { rowsOf, servedRoom, taken, tell } from '../feeds/served.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { queueOf } from '../support/queue-of.ts'
import { ENGINE } from '../support/test-place.ts'
import { ACCOUNT, LIVEKIT_KEY, NOW_MS } from '../support/test-server.ts'
import { watchedDatabase } from '../support/watched-database.ts'
import { answersAndEvidence, serverOf } from './server-of.ts'
import { wrongFeed } from './wrong-feeds.ts'

const START = NOW_MS - 3_600_000
const hall = () => livekitRoom('hall', START)

/** Fifty people join a known room. */
function fiftyJoins() {
  const room = hall()
  const joins = Array.from({ length: 50 }, (_, index) => room.joined(`person-${index}`, START + 1000 + index))
  return { started: room.started(), joins }
}

test('webhooks of one room that wait together lock, load and save the room once for each commit', async t => {
  const statements: string[] = []
  const server = await serverOf(t, [], database => watchedDatabase(database, sql => statements.push(sql)))
  const { started, joins } = fiftyJoins()
  await tell(server, started)
  statements.length = 0
  await Promise.all(joins.map(webhook => taken(deliver(server, webhook))))
  const count = (pattern: RegExp) => statements.filter(sql => pattern.test(sql)).length
  const commits = count(/^select feed_id .* from rooms/s)
  // PostgreSQL takes 32 deliveries in a commit, and the first commit begins before all deliveries have come.
  assert.ok(commits <= (ENGINE === 'sqlite' ? 2 : 5), `${commits} commits`)
  assert.equal(count(/^insert into rooms .*excluded\.record/s), commits, 'saves')
  assert.equal(count(/'stay' "is"/), commits, 'loads')
  assert.equal(count(/^insert into rooms .*state = ''|^delete from (?!deliveries)/s), 0, 'others')
})

test('deliveries that are applied together give the same answers as one by one', async t => {
  const [one, together] = [await serverOf(t), await serverOf(t)]
  const { started, joins } = fiftyJoins()
  const webhooks = [started, ...joins, hall().left('person-7', START + 1007, START + 9000)]
  webhooks.push({ ...hall().finished(START + 60_000), id: 'EV_end' })
  await tell(one, ...webhooks)
  await Promise.all(webhooks.map(webhook => taken(deliver(together, webhook))))
  assert.deepEqual(await answersAndEvidence(together), await answersAndEvidence(one))
  await assertNumbersAgree(together)
})

test('a payload that comes twice in one commit is counted as a duplicate', async t => {
  const server = await serverOf(t)
  const joined = hall().joined('ann', START + 1000)
  await Promise.all([joined, joined, joined].map(webhook => taken(deliver(server, webhook))))
  const request = jitsiRoom('maths').created(START_SEC)
  await Promise.all([request, request].map(body => taken(postJitsi(server, body))))
  const rows = await rowsOf(server, "select duplicates from events where feed_kind = 'livekit'")
  assert.deepEqual(
    rows.map(row => row['duplicates']),
    [2],
  )
  const kept = await rowsOf(
    server,
    "select duplicates from feed_payloads where payload_key not like 'claim|%'",
  )
  assert.deepEqual(
    kept.map(row => row['duplicates']),
    [1],
  )
  await server.app.close()
  const told = (await server.store.deliveries.last(10)).map(({ events, duplicates }) => [events, duplicates])
  assert.deepEqual(told.sort(), [
    [0, 1],
    [0, 1],
    [0, 1],
    [1, 0],
    [1, 0],
  ])
})

test('a fault in one delivery of a commit does not affect the others', async t => {
  const isBob = ({ value }: { readonly value: object }) => JSON.stringify(value).includes('bob')
  const aFault = () => {
    throw new TypeError('a fault')
  }
  const [right, server] = [await serverOf(t), await serverOf(t, [wrongFeed(jitsi, isBob, aFault)])]
  const maths = jitsiRoom('maths')
  const [ann, bob, cleo] = ['ann', 'bob', 'cleo'].map((name, index) => occupant(name, START_SEC + index))
  assert.ok(ann && bob && cleo)
  const [started, joined] = [hall().started(), { ...hall().joined('dan', START + 1000), id: 'EV_dan' }]
  await Promise.all([
    ...[maths.joined(ann), maths.joined(bob), maths.joined(cleo)].map(body => taken(postJitsi(server, body))),
    ...[started, joined].map(webhook => taken(deliver(server, webhook))),
  ])
  await tellJitsi(right, maths.joined(ann), maths.joined(cleo))
  await tell(right, started, joined)
  assert.deepEqual(await answersOf(server), await answersOf(right))
  const kept = await rowsOf(server, "select reason, native from feed_payloads where reason like 'A fault%'")
  assert.deepEqual(
    kept.map(({ native }) => isBob({ value: JSON.parse(String(native)) })),
    [true],
  )
  assert.ok(server.log.some(line => line.includes('a fault')))
})

test('a delivery that would wait behind 2,000 others of its room or feed is refused, and the others are stored', async t => {
  const server = await serverOf(t)
  const queue = queueOf(server.store)
  const room = hall()
  const webhooks = Array.from({ length: 2_100 }, (_, index) => room.joined(`person-${index}`, START + index))
  const from = { accountSid: ACCOUNT, feedId: feedId(ACCOUNT, 'livekit', LIVEKIT_KEY), feedKind: 'livekit' }
  const applied = await Promise.allSettled(
    webhooks.map(value =>
      queue.apply({ ...from, receivedAtMs: NOW_MS, payloads: [{ key: value.id, value }] }),
    ),
  )
  const refused = applied.flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
  assert.equal(refused.length, 100)
  assert.ok(refused.every(reason => reason instanceof StoreUnavailableError))
  assert.equal((await servedRoom(server, room.sid)).unique_participants, 2_000)
  await tell(server, ...webhooks.slice(-100))
  assert.equal((await servedRoom(server, room.sid)).unique_participants, 2_100)
})
