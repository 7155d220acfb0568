import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newSecret } from '../../src/cli/credentials.ts'
import { newKeys } from '../../src/cli/feed-keys.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { digestOf } from '../../src/feeds/json.ts'
import type { FeedKeys } from '../../src/feeds/keys.ts'
import { reconciliation } from '../../src/ingest/sweep/reconcile.ts'
import { createSweeper } from '../../src/ingest/sweep/sweeper.ts'
import { feedId } from '../../src/sid.ts'
import { serverWith } from '../contract/server-with.ts'
import { queueOf } from '../support/queue-of.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { ACCOUNT, get, NOW_MS } from '../support/test-server.ts'
import { madeUpStack, type Notice } from './made-up-stack.ts'
import { answersOf } from './numbers.ts'
import { assertShows, deliveriesOf, servedParticipants, servedRooms } from './served.ts'

const HOUR_MS = 3_600_000
const OLD = { id: 'hall-1', name: 'hall' }
const NEW = { id: 'hall-2', name: 'hall' }

const GENERATED: FeedKeys = {
  made: 'generated',
  authKeyOf: digestOf,
  linesFor: key => [`Lamp ${key}`],
}
const KEYS: Readonly<Record<string, FeedKeys>> = {
  'a chosen key': {
    made: 'chosen',
    keyLabel: 'Lamp',
    secretPrompt: () => '',
    generate: makeUp => ({ key: `LAMP${makeUp()}`, secret: makeUp() }),
  },
  'a generated key': GENERATED,
  'the key of the account': { made: 'by account', secretPrompt: () => '' },
}

for (const [what, keys] of Object.entries(KEYS)) {
  test(`a stack that is only a Feed is received, logged without its secret, served and rebuilt: ${what}`, async t => {
    const feed = madeUpStack(keys)
    const { server, deliver, token } = await serverOf(t, feed)
    assert.equal(await deliver({ does: 'opens', atMs: NOW_MS - 2000, room: OLD }), 200)
    assert.equal(await deliver({ does: 'enters', atMs: NOW_MS - 1000, room: OLD, who: 'ann' }), 200)
    assert.equal(await deliver({ does: 'opens', atMs: NOW_MS, room: OLD }, newSecret()), 401)

    const [room, ...others] = await servedRooms(server)
    assert.equal(others.length, 0)
    assertShows(room, { room_name: 'hall', unique_participants: 1, properties: { feed: 'lighthouse' } })
    const before = await answersOf(server)
    await rebuildAll(server.store, [feed])
    assert.deepEqual(await answersOf(server), before)

    const { body } = await get(server, '/openapi.json')
    assert.ok(Object.hasOwn(body.paths, '/feeds/lighthouse/{token}'))
    assert.equal((await deliveriesOf(server)).length, 3)
    assert.match(server.log.join(), /\/feeds\/lighthouse\//)
    assert.ok(!server.log.join().includes(token), 'the token is in the log')
  })
}

test('rooms and stays of a stack end as the facts on its Feed say', async t => {
  const endsOf = async (facts: Partial<Feed>) => {
    const feed = madeUpStack(GENERATED, facts)
    const { server, deliver, row } = await serverOf(t, feed)
    const { store, heard, clock } = server
    const sweeper = createSweeper({
      ...{ store, heard, feeds: [feed], queue: queueOf(store, [feed]), configuredFeeds: [] },
      ...{ reconciliations: [], clock: () => clock.nowMs, onFault: error => assert.fail(String(error)) },
    })
    await deliver({ does: 'enters', atMs: NOW_MS - 2000, room: OLD, who: 'ann' })
    await deliver({ does: 'enters', atMs: NOW_MS - 1000, room: NEW, who: 'bob' })
    for (let hour = 0; hour < 4; hour++) {
      heard.set(row.feedId, server.clock.nowMs)
      await sweeper.sweep()
      server.clock.nowMs += HOUR_MS
    }
    const rooms = await servedRooms(server)
    const stays = await Promise.all(rooms.map(room => servedParticipants(server, room.room_sid)))
    return stays.flat().map(one => [one.participant_identity, one.status, one.end_reason])
  }
  const bob = ['bob', 'in_progress', null]
  assert.deepEqual(await endsOf({}), [bob, ['ann', 'in_progress', null]])
  assert.deepEqual(await endsOf({ hasUniqueNames: true }), [bob, ['ann', 'completed', 'server_crash']])
  assert.deepEqual(await endsOf({ silenceLimitMs: 2 * HOUR_MS }), [
    ['bob', 'completed', 'timeout'],
    ['ann', 'completed', 'timeout'],
  ])
})

test('the list of a server is compared through the Snapshot of its Feed', async t => {
  const feed = madeUpStack(GENERATED)
  const { server, row } = await serverOf(t, feed)
  const { store, clock } = server
  const listed = { ...OLD, people: 1 }
  const lists = { listRooms: async () => [listed], listParticipants: async () => [{ who: 'ann' }] }
  const { snapshot } = feed
  assert.ok(snapshot)
  const comparison = reconciliation({
    ...{ store, queue: queueOf(store, [feed]), feed, snapshot, server: lists, row },
    clock: () => clock.nowMs,
  })
  assert.equal(await comparison.run(), 2)
  const [room] = await servedRooms(server)
  const [ann] = await servedParticipants(server, room?.room_sid ?? '')
  assertShows(ann, { participant_identity: 'ann', status: 'in_progress' })
  assert.equal(await comparison.run(), 0)
})

/** A server with one feed of the stack, whose keys are made as `rollcall feed add` makes them. */
async function serverOf(t: TestContext, feed: Feed) {
  const server = await serverWith(t, { feeds: [feed] })
  const readLine = async () => 'token0123456789'
  const owner = { readLine, accountSid: ACCOUNT, key: undefined }
  const { authKey, secret, lines } = await newKeys([feed], feed, owner)
  const id = feedId(ACCOUNT, feed.kind, authKey)
  const row = { feedId: id, accountSid: ACCOUNT, kind: feed.kind, authKey, secret, createdAtMs: NOW_MS }
  await server.store.feeds.put(row)
  const generated = lines.find(line => line.startsWith('Lamp '))?.slice('Lamp '.length)
  const token = feed.keys.made === 'generated' ? (generated ?? '') : secret
  const deliver = async (notice: Notice, withToken = token) => {
    const headers = { 'content-type': 'application/json', 'x-key': authKey }
    const url = `/feeds/lighthouse/${withToken}`
    return (await server.app.inject({ method: 'POST', url, headers, payload: { ...notice } })).statusCode
  }
  return { server, row, token, deliver }
}
