import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedId } from '../../src/sid.ts'
import { assertShows, servedParticipants, servedRoom } from '../feeds/served.ts'
import { livekitList } from '../ingest/sweep/livekit-list.ts'
import { sweeperOf } from '../ingest/sweep/sweeper-of.ts'
import {
  ACCOUNT,
  basic,
  LIVEKIT_KEY,
  LIVEKIT_SECRET,
  NOW_MS,
  OTHER_ACCOUNT,
  OTHER_LIVEKIT_KEY,
  OTHER_LIVEKIT_SECRET,
  OTHER_TOKEN,
  testServer,
} from '../support/test-server.ts'

/**
 * Two accounts have a LiveKit server each, which `rollcall feed` was told of while the server ran. Both are read, without
 * a restart.
 */

const START = NOW_MS - 600_000
const ann = { sid: 'PA_ann', identity: 'ann', joinedAtMs: START + 1_500 }

const FEEDS = [
  { accountSid: ACCOUNT, authKey: LIVEKIT_KEY, secret: LIVEKIT_SECRET },
  { accountSid: OTHER_ACCOUNT, authKey: OTHER_LIVEKIT_KEY, secret: OTHER_LIVEKIT_SECRET },
].map(feed => ({ ...feed, feedId: feedId(feed.accountSid, 'livekit', feed.authKey), kind: 'livekit' }))

test('each feed that has a URL is compared with the list of its own server, from the next run on', async t => {
  const server = await testServer(t)
  const faults: unknown[] = []
  const sweeper = sweeperOf(server, { faults })
  await sweeper.reconcile()
  const lists = [
    await livekitList(t),
    await livekitList(t, { key: OTHER_LIVEKIT_KEY, secret: OTHER_LIVEKIT_SECRET }),
  ]
  for (const [index, list] of lists.entries()) {
    list.rooms.set(`RM_${index}`, { name: 'x', startedAtMs: START, people: [ann] })
    const feed = FEEDS[index]
    assert.ok(feed !== undefined)
    await server.store.feeds.put({ ...feed, createdAtMs: 0, url: list.url })
  }
  await sweeper.reconcile()
  assertShows(await servedRoom(server, 'RM_0'), { account_sid: ACCOUNT, room_status: 'in_progress' })
  const other = basic(OTHER_ACCOUNT, OTHER_TOKEN)
  assertShows(await servedRoom(server, 'RM_1', other), { account_sid: OTHER_ACCOUNT })
  assert.equal((await servedParticipants(server, 'RM_0')).length, 1)
  assert.equal((await servedParticipants(server, 'RM_1', other)).length, 1)
  assert.deepEqual(faults, [])

  // A server that does not answer holds up no other, and a feed without a URL is not compared.
  const [first, second] = lists
  assert.ok(first !== undefined && second !== undefined)
  first.outOfOrder = 503
  second.rooms.set('RM_2', { name: 'y', startedAtMs: START, people: [] })
  server.clock.nowMs += 60_000
  await sweeper.reconcile()
  assertShows(await servedRoom(server, 'RM_2', other), { room_status: 'in_progress' })
  assert.equal(faults.length, 1)
  assert.ok(![LIVEKIT_SECRET, OTHER_LIVEKIT_SECRET].some(secret => String(faults[0]).includes(secret)))
  for (const feed of FEEDS) await server.store.feeds.put({ ...feed, createdAtMs: 0 })
  const calls = lists.map(list => list.calls.length)
  await sweeper.reconcile()
  assert.deepEqual(
    lists.map(list => list.calls.length),
    calls,
  )
})
